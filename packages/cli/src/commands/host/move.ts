import { XylemError } from '@xylem/core';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { environmentName } from '../../frame/words.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { expiresOf } from '../move/shared.ts';
import { beginReparenting, reparentingOptions } from '../reparenting/shared.ts';
import { moveToEnvironment } from './move-environment.ts';
import { refuseNoParent } from './parents.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: hostArguments,
  about: `Gives hosts other parents, in order of preference, in batches: each tests the first of them before it leaves its old
one, and too many failures take all back (xylem reparenting). Or takes them to another environment, through their
running agents. Nothing is installed again. To another tenant it makes a request that both sides have to approve (xylem move),
and secrets are wiped.\n${selectorHelp}`,
  options: {
    ...hostOptions,
    ...reparentingOptions,
    parent: list('<url>', 'a parent; may be repeated, the first is preferred'),
    env: text('<environment>', 'make them hosts of this environment; of another tenant: ask for it'),
    keepData: flag('to another tenant: data folders of components go along'),
    expires: text('<time>', 'to another tenant: the request ends after so long (7d; 12h, 30d)'),
    asJoined: flag('back to the parent by which the host joined, and to the rules'),
    atOnce: flag('with --parent or --as-joined: all at once, and without a test'),
  },
  example: 'xylem host move --site muc --parent https://relay.muc:8443 --parent https://relay.fra:8443',
  async run(invocation) {
    const { args, options, api } = invocation;
    if (options.env !== undefined) {
      if (options.asJoined || options.atOnce || options.parent.length > 0)
        throw new XylemError('E_INPUT', '--env goes alone: give other parents afterwards.');
      return await moveToEnvironment(invocation, options.yes, {
        select: hostSelection(args, options),
        environment: environmentName(options.env),
        ...(options.keepData ? { keepData: true } : {}),
        ...expiresOf(options.expires),
      });
    }
    if (options.keepData || options.expires !== undefined)
      throw new XylemError('E_INPUT', '--keep-data and --expires belong to --env.');
    if (options.asJoined === options.parent.length > 0) {
      throw new XylemError(
        'E_INPUT',
        'Say where to: --parent URL, once or more, --as-joined, or --env ENVIRONMENT.',
      );
    }
    refuseNoParent(options.parent);
    const select = hostSelection(args, options);
    const server = await api();
    const parents = [...options.parent];
    if (!options.atOnce)
      return await beginReparenting(invocation, options, (terms) =>
        server.call('reparentingBegin', { body: { select, parents, ...terms } }),
      );
    return changeHosts(invocation, options.yes, 'moved', (dryRun) =>
      server.call('hostMove', { body: { select, parents, dryRun } }),
    );
  },
});
