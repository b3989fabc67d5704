import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const urlOf = (name: string): string => `https://${name}.example:8442`;

async function relays(t: Parameters<typeof rootFixture>[0]) {
  const root = await rootFixture(t);
  await root.api('environmentCreate', { body: { name: 'production' } });
  const { token } = await root.api('tokenCreate', {
    body: { environment: 'production', serve: true, uses: 9 },
  });
  for (const name of ['one', 'two', 'three']) {
    const host = await fakeHost(root, token, { name, serve: true });
    const parent = { url: urlOf('root'), host: null };
    await host.report([], { serves: { url: urlOf(name), children: [] }, parent });
  }
  const move = (host: string, ...parents: string[]) =>
    root.api('hostMove', { body: { select: { hosts: [host] }, parents: parents.map(urlOf) } });
  const parentsOf = async (host: string) => (await root.api('hostShow', { params: { host } })).parents;
  return { root, move, parentsOf };
}

test('nobody can have relays pull from one another in a circle, or from themselves', async (t) => {
  const { root, move, parentsOf } = await relays(t);
  await move('two', 'one');
  await move('three', 'two');
  const circle = { code: 'E_CONFLICT', message: /circle: one from three from two from one\./ };
  await assert.rejects(move('one', 'three', 'root'), circle);
  const body = { select: { hosts: ['one'] }, parents: [urlOf('three')], dryRun: true };
  await assert.rejects(root.api('hostMove', { body }), circle);
  await assert.rejects(
    root.api('hostMove', { body: { select: { hosts: ['one'] }, parents: ['https://ONE.example:8442/'] } }),
    { code: 'E_CONFLICT', message: /one would be its own parent/ },
  );
  // A selection that means all of a place also means its relay.
  await assert.rejects(
    root.api('hostMove', { body: { select: { environments: ['*'] }, parents: [urlOf('two')] } }),
    { code: 'E_CONFLICT', message: /two would be its own parent/ },
  );
  assert.deepEqual(await parentsOf('one'), []);
});

test('relays may stand in for each other, and one that serves no more is in no circle until it serves again', async (t) => {
  const { root, move } = await relays(t);
  await move('one', 'root', 'two');
  await move('two', 'root', 'one');
  const serve = (host: string, serve: boolean) =>
    root.api('hostServe', { body: { select: { hosts: [host] }, serve } });
  await serve('one', false);
  await move('two', 'one');
  await move('one', 'two');
  await assert.rejects(serve('one', true), { code: 'E_CONFLICT', message: /one from two from one/ });
});

test('of two who move at once so that both together make a circle, one is refused', async (t) => {
  const { move, parentsOf } = await relays(t);
  const moved = await Promise.allSettled([move('one', 'two'), move('two', 'one')]);
  assert.deepEqual(moved.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal([...(await parentsOf('one')), ...(await parentsOf('two'))].length, 1);
});
