import { XylemError } from '@xylem/core';
import { count, defineCommand, flag, list } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { environmentPatterns } from '../../selection/environments.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `A host that serves is a relay: other hosts pull from it. Nothing is installed again, and its agent goes on. It
listens where its agent run says by --listen and --url. Before --stop, move the hosts below it.\n${selectorHelp}`,
  options: {
    ...hostOptions,
    ...yesOption,
    for: list('<environment>', "serve other environments too, or patterns, 'acme/*'; * alone means all"),
    children: count('<n>', 'the most that hosts are moved to (default: 1000)'),
    stop: flag('be a plain host again'),
  },
  example: 'xylem host serve web-7 --for acme/staging',
  async run(invocation) {
    const { args, options, api } = invocation;
    if (options.stop && options.children !== undefined)
      throw new XylemError('E_INPUT', '--children is said of a relay; --stop ends it. Give one of them.');
    if (options.stop && options.for.length > 0) {
      throw new XylemError('E_INPUT', '--for names what to serve; --stop ends it. Give one of them.');
    }
    const select = hostSelection(args, options);
    const serves = options.for.length === 0 ? {} : { serves: environmentPatterns(options.for, '--for') };
    const children = options.children === undefined ? {} : { children: options.children };
    const server = await api();
    const verb = options.stop ? 'made plain hosts' : 'made relays';
    return changeHosts(invocation, options.yes, verb, (dryRun) =>
      server.call('hostServe', { body: { select, serve: !options.stop, ...serves, ...children, dryRun } }),
    );
  },
});
