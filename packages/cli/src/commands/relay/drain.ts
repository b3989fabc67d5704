import { XylemError } from '@xylem/core';
import { defineCommand, flag, list } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { beginReparenting, reparentingOptions } from '../reparenting/shared.ts';

export const command = defineCommand({
  arguments: '<relay>',
  about: `All its children go elsewhere, in batches, each host once it has tested its new parent: to the relays beside it as
far as they have room, else to its own parent, or where --to says. It gets no children from then on; --undo ends that,
and brings none back. Too many failures, and all go back by themselves.`,
  options: {
    ...reparentingOptions,
    to: list('<url>', 'where its children go, spread by room; may be repeated'),
    undo: flag('let a drained relay have children again'),
  },
  example: 'xylem relay drain relay-muc-1 --to https://relay-2.muc.example:8442 --watch',
  async run(invocation) {
    const { args, options, api } = invocation;
    const relay = only(args);
    const server = await api();
    if (options.undo) {
      if (options.to.length > 0)
        throw new XylemError(
          'E_INPUT',
          '--to says where children go; --undo lets new ones come. Give one of them.',
        );
      const done = await server.call('relayUndrain', { body: { relay } });
      return { data: done, text: `${relay} may have children again.` };
    }
    const to = options.to.length === 0 ? {} : { to: [...options.to] };
    return await beginReparenting(invocation, options, (terms) =>
      server.call('relayDrain', { body: { relay, ...to, ...terms } }),
    );
  },
});
