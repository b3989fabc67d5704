import { XylemError } from '@xylem/core';
import { defineCommand, list, requiredText } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `A pinned component stays as it is on these hosts, installed or not: no deployment, rollback or change of
configuration reaches it, and no deployment waits for it. What runs is kept running and repaired, also without any
server, until \`xylem host unpin\`.\n${selectorHelp}`,
  options: {
    ...hostOptions,
    ...yesOption,
    component: list('<name>', 'which component stays as it is; may be repeated'),
    reason: requiredText('<text>', 'why, for whoever asks why they are not updated'),
  },
  example: "xylem host pin db-1 --component shop-db --reason 'vendor looks into ticket 4711'",
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const { component: components, reason } = options;
    if (components.length === 0) throw new XylemError('E_INPUT', 'Say which: --component shop-db.');
    const server = await api();
    return changeHosts(invocation, options.yes, 'pinned', (dryRun) =>
      server.call('hostPin', { body: { select, components: [...components], reason, dryRun } }),
    );
  },
});
