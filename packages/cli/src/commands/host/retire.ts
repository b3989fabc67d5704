import { defineCommand } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `A retired host takes no more changes; what runs there keeps running. Join it again to bring it back.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption },
  example: 'xylem host retire web-7',
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const server = await api();
    return changeHosts(invocation, options.yes, 'retired', (dryRun) =>
      server.call('hostRetire', { body: { select, dryRun } }),
    );
  },
});
