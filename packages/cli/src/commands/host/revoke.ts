import { defineCommand, requiredText } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `For a host whose key someone else may have. Every node refuses it from the moment that it hears of it: the root
server now, relays as soon as the news reaches them, also those without a parent later. What runs on the host keeps
running. Its key never comes back: join the machine again with a new one. The audit log names the join token by which
it came.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption, reason: requiredText('<text>', 'why, for the audit log') },
  example: "xylem host revoke web-7 --reason 'stolen from the office'",
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const { reason } = options;
    const server = await api();
    return changeHosts(invocation, options.yes, 'revoked', (dryRun) =>
      server.call('hostRevoke', { body: { select, reason, dryRun } }),
    );
  },
});
