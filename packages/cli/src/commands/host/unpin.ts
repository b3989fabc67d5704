import { defineCommand, list } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `Hosts follow their environment again: what was deployed meanwhile comes at once.\n${selectorHelp}`,
  options: {
    ...hostOptions,
    ...yesOption,
    component: list('<name>', 'only this component; may be repeated (default: all that are pinned)'),
  },
  example: 'xylem host unpin db-1 --component shop-db',
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const components = options.component.length === 0 ? {} : { components: [...options.component] };
    const server = await api();
    return changeHosts(invocation, options.yes, 'unpinned', (dryRun) =>
      server.call('hostUnpin', { body: { select, ...components, dryRun } }),
    );
  },
});
