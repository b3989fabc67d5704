import { fakeHost } from '../fake-host.ts';
import type { RootFixture } from '../root-fixture.ts';
import type { Place } from './places.ts';

/** An id of the same form that is nobody's. */
const unknownId = 'm-000000000000';
/** Of the third tenant, that gives: its host, by root server. */
const givers = new WeakMap<RootFixture, Promise<string>>();

/** A fresh request to give the host of a place away, to a tenant that does not exist. */
export const givingMove = async ({ tenant, live }: Place, root: RootFixture): Promise<string> =>
  tenant === 'cedar' ? unknownId : await freshMove(root, live.host, 'nobody/live');

/** A fresh request of a third tenant that gives a host to a place. */
export async function takingMove({ tenant, live }: Place, root: RootFixture): Promise<string> {
  if (tenant === 'cedar') return unknownId;
  const giver = givers.get(root) ?? makeGiver(root);
  givers.set(root, giver);
  return await freshMove(root, await giver, live.name);
}

async function makeGiver(root: RootFixture): Promise<string> {
  await root.api('environmentCreate', { body: { name: 'maple/live' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'maple/live' } });
  const { id } = await fakeHost(root, token, { name: 'maple-live-1' });
  await root.api('hostLabel', { body: { select: { hosts: [id] }, set: { secret: 'maple-live-site' } } });
  return id;
}

async function freshMove(root: RootFixture, host: string, environment: string): Promise<string> {
  const { moves } = await root.api('moveList');
  for (const { id } of moves.filter(({ state }) => state === 'open'))
    await root.api('moveCancel', { params: { id } });
  const body = { select: { hosts: [host] }, environment };
  const { request } = await root.api('hostMoveEnvironment', { body });
  return request?.id ?? '';
}
