import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParents } from '@xylem/core';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('who asks for parents hears of the relays that serve its environment, and a relay of its siblings alone', async (t) => {
  const root = await rootFixture(t);
  for (const name of ['acme/production', 'acme/staging', 'other/production'])
    await root.api('environmentCreate', { body: { name } });
  const join = async (name: string, environment: string, serves?: string[]) => {
    const scope = serves === undefined ? {} : { serve: true, serves };
    const { token } = await root.api('tokenCreate', { body: { environment, ...scope } });
    return await fakeHost(root, token, { name, serve: serves !== undefined });
  };
  const relays: Record<string, Awaited<ReturnType<typeof join>>> = {};
  for (const [name, environment, serves, above] of [
    ['wide', 'acme/production', ['*'], null],
    ['narrow', 'acme/production', [], null],
    ['below', 'acme/production', [], 'wide'],
    ['other', 'other/production', [], null],
  ] as const) {
    const relay = await join(name, environment, [...serves]);
    relays[name] = relay;
    const parent = { url: 'https://up:7443', host: above === null ? null : (relays[above]?.id ?? null) };
    await relay.report([], { serves: { url: `https://${name}:7443`, children: [] }, parent });
  }
  // Neither a host that serves no more nor an address in the clear is passed on.
  const former = await join('former', 'acme/production', []);
  await former.report([], { serves: { url: 'http://former:7443', children: [] } });
  const asked = async (host: { get(path: string): Promise<{ body: Buffer }> }, query = '') => {
    const { siblings, relays: below } = parseParents((await host.get(`/parents${query}`)).body);
    const named = below?.map(({ url, serves }) => `${url} ${serves === '*' ? '*' : serves.length}`);
    return { siblings: [...siblings].sort(), relays: named?.sort() };
  };
  const acme = ['https://below:7443', 'https://narrow:7443', 'https://wide:7443'];
  const plain = await join('plain', 'acme/production');
  assert.deepEqual(await asked(plain), { siblings: acme, relays: undefined });
  const staged = await join('staged', 'acme/staging');
  assert.deepEqual((await asked(staged)).siblings, ['https://wide:7443']);
  const { wide, narrow, other } = relays;
  assert.ok(wide && narrow && other);
  assert.deepEqual(await asked(narrow, '?serves=https%3A%2F%2Fnarrow%3A7443'), {
    siblings: ['https://below:7443', 'https://wide:7443'],
    relays: ['https://wide:7443 1'],
  });
  assert.deepEqual((await asked(wide)).relays, ['https://narrow:7443 1', 'https://other:7443 1']);
  assert.deepEqual((await asked(other)).relays, ['https://wide:7443 1']);
});
