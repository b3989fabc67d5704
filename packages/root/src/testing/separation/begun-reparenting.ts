import type { RootFixture } from '../root-fixture.ts';
import type { Place } from './places.ts';

/** An id of the same form that is nobody's. */
const unknownId = 'rp-000000000000';
/** By place, by root server: begun once. */
const begun = new WeakMap<RootFixture, Map<string, Promise<string>>>();

/** A reparenting of the host of a place, to a parent that does not answer. */
export async function begunReparenting({ tenant, live }: Place, root: RootFixture): Promise<string> {
  if (tenant === 'cedar') return unknownId;
  const known = begun.get(root) ?? new Map<string, Promise<string>>();
  begun.set(root, known);
  const own = known.get(live.host) ?? begin(root, live.host);
  known.set(live.host, own);
  return await own;
}

async function begin(root: RootFixture, host: string): Promise<string> {
  const body = { select: { hosts: [host] }, parents: ['https://127.0.0.1:1'] };
  const { reparenting } = await root.api('reparentingBegin', { body });
  return reparenting?.id ?? unknownId;
}
