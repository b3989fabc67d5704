import { defineCommand } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `When \`xylem host show\` says that two machines have one key: stop one of them, remove the \`identity\` folder of
its state folder and join it anew, then say so here.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption },
  example: 'xylem host clear-clone web-7',
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const server = await api();
    return changeHosts(invocation, options.yes, 'cleared', (dryRun) =>
      server.call('hostClearClone', { body: { select, dryRun } }),
    );
  },
});
