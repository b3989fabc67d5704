import { XylemError } from '@xylem/core';
import { defineCommand, flag } from '../../frame/define.ts';
import { isName } from '../../frame/words.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: '<words...>',
  about: `Has hosts that observe (xylem join --observe) take over what runs there already as the package that they are given,
without a restart, where every file is as the package says; else they list what is not, and change nothing. Selectors come
first, the component last. Where it is on a host, the package says (adopt in its manifest). xylem host show says what became
of it. --undo gives it back.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption, undo: flag('give it back: what runs goes on') },
  example: "xylem host adopt '*/production' --where 'role = web' shop-api",
  async run(invocation) {
    const { args, options, api } = invocation;
    const component = args.at(-1);
    if (component === undefined || !isName(component))
      throw new XylemError('E_INPUT', 'Write selectors, then the component: web-1 shop-api.');
    const select = hostSelection(args.slice(0, -1), options);
    const { undo } = options;
    const server = await api();
    return changeHosts(
      invocation,
      options.yes,
      undo ? 'told to give it back' : 'told to adopt it',
      (dryRun) => server.call('hostAdopt', { body: { select, component, undo, dryRun } }),
    );
  },
});
