import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { beginReparenting, reparentingOptions } from '../reparenting/shared.ts';

export const command = defineCommand({
  arguments: '<old>',
  about: `NEW, which serves already, gets the parents of OLD, then its children, in batches, each host once it has tested NEW;
OLD is drained. Retire it when the reparenting is done. Too many failures, and all go back by themselves.`,
  options: { ...reparentingOptions, by: requiredText('<new>', 'the relay that takes its place') },
  example: 'xylem relay replace relay-muc-1 --by relay-muc-2 --watch',
  async run(invocation) {
    const { args, options, api } = invocation;
    const body = { relay: only(args), by: options.by };
    const server = await api();
    return await beginReparenting(invocation, options, (terms) =>
      server.call('relayReplace', { body: { ...body, ...terms } }),
    );
  },
});
