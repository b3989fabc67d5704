import { XylemError } from '@xylem/core';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { environmentName } from '../../frame/words.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `Gives hosts other parents, in order of preference, or takes them to another environment of their tenant, through
their running agents. Nothing is installed again.\n${selectorHelp}`,
  options: {
    ...hostOptions,
    ...yesOption,
    parent: list('<url>', 'a parent; may be repeated, the first is preferred'),
    env: text('<environment>', 'make them hosts of this environment'),
    asJoined: flag('back to the parent by which the host joined'),
  },
  example: 'xylem host move --site muc --parent https://relay.muc:8443 --parent https://relay.fra:8443',
  async run(invocation) {
    const { args, options, api } = invocation;
    if (options.env !== undefined) {
      if (options.asJoined || options.parent.length > 0)
        throw new XylemError('E_INPUT', '--env goes alone: give other parents afterwards.');
      const environment = environmentName(options.env);
      const select = hostSelection(args, options);
      const server = await api();
      return changeHosts(invocation, options.yes, `moved to ${environment}`, (dryRun) =>
        server.call('hostMoveEnvironment', { body: { select, environment, dryRun } }),
      );
    }
    if (options.asJoined === options.parent.length > 0) {
      throw new XylemError(
        'E_INPUT',
        'Say where to: --parent URL, once or more, --as-joined, or --env ENVIRONMENT.',
      );
    }
    const bad = options.parent.find((url) => !/^https?:\/\/[^/]+/.test(url));
    if (bad !== undefined)
      throw new XylemError('E_INPUT', `--parent ${bad} is no address. Write https://host:port.`);
    const select = hostSelection(args, options);
    const server = await api();
    return changeHosts(invocation, options.yes, 'moved', (dryRun) =>
      server.call('hostMove', { body: { select, parents: [...options.parent], dryRun } }),
    );
  },
});
