import type { BodyOf } from '../api/contract.ts';
import type { HostsChanged } from '../api/schemas/index.ts';
import type { Who } from '../auth/api-tokens.ts';
import { changeHosts } from '../hosts/change.ts';
import type { Root } from '../root.ts';

/**
 * Orders that hosts adopt a component, or give it back. Nothing but its name is said: where to look is its publisher's
 * word, or that of people on the host (docs/spec/adoption.md). Each call is an order of its own: one that a host refused can be given again.
 */
export async function orderAdoption(root: Root, body: BodyOf<'hostAdopt'>, who: Who): Promise<HostsChanged> {
  const { component, undo = false } = body;
  const order = Buffer.from(root.randomness.bytes(16)).toString('hex');
  return await changeHosts(root, body.select, {
    what: undo ? 'host.give-back' : 'host.adopt',
    who,
    dryRun: body.dryRun ?? false,
    change: ({ adopt }) => ({
      adopt: JSON.stringify({ ...adopt, [component]: undo ? { order, undo } : { order } }),
    }),
    note: ({ name }) => ({ name, component }),
  });
}
