import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { encodeParents, type HostId, limits } from '@xylem/core';
import type { HttpClient } from '@xylem/platform';
import { testClock, waitUntil } from '@xylem/testkit';
import { Faults } from '../faults.ts';
import { snapshotAt, startRelay, world } from '../testing/world.ts';

import { Loops } from './loops.ts';
import { Neighbours } from './neighbours.ts';

const idOf = (name: string): HostId => Buffer.from(name).toString('hex').padEnd(32, '0') as HostId;
const urlOf = (name: string): string => `https://${name}`;

/** Relays that know each other's lines alone, and ask their first parent when told to. */
function tree(parents: Record<string, string>) {
  const clock = testClock();
  const http = {
    request: async ({ url }: { url: string }) => {
      const name = new URL(url).hostname;
      const node = nodes.get(name);
      const self = { url: urlOf(name), host: node === undefined ? null : idOf(name) };
      const line = node?.around.line() ?? [];
      const answer = encodeParents({ format: 'xylem-parents-1', self, siblings: [], above: [], line });
      return { status: 200, headers: {}, body: Readable.from([answer]) };
    },
  } as unknown as HttpClient;
  const nodes = new Map(
    Object.keys(parents).map((name) => {
      const faults = new Faults(clock);
      const loops = new Loops(() => idOf(name), clock, faults);
      const around = new Neighbours({
        http,
        clock,
        timestampMs: 60_000,
        self: () => ({ host: idOf(name), url: urlOf(name) }),
        judge: (parent, line) => loops.judge(parent, line),
      });
      const list = () => loops.pass([urlOf(parents[name] ?? '')], [urlOf('root')]);
      return [name, { faults, around, list }];
    }),
  );
  const at = (name: string) => nodes.get(name) as NonNullable<ReturnType<typeof nodes.get>>;
  const ask = async (...names: string[]): Promise<void> => {
    await Promise.all(
      names.map((name) => at(name).around.learn(at(name).list()[0] ?? '', new AbortController().signal)),
    );
  };
  return {
    clock,
    parents,
    at,
    ask,
    codes: (name: string) =>
      at(name)
        .faults.list()
        .map(({ code }) => code),
  };
}

test('the second of two relays that name each other leaves the loop when it asks first, and says so', async () => {
  const { ask, at, codes, clock, parents } = tree({ a: 'root', b: 'a' });
  await ask('a');
  await ask('b');
  assert.deepEqual(at('b').around.line(), [idOf('a')]);
  parents.a = 'b';
  await ask('a');
  assert.deepEqual(codes('a'), ['E_PARENT_LOOP']);
  assert.match(
    at('a').faults.list()[0]?.message ?? '',
    new RegExp(`${idOf('a')} from ${idOf('b')} from ${idOf('a')}`),
  );
  // It goes to whom it joined, and b below it is above nobody.
  assert.deepEqual(at('a').list(), [urlOf('root')]);
  await ask('a');
  assert.deepEqual([at('a').around.line(), codes('b')], [[], []]);
  // After a while it asks again, and is refused by the same.
  await clock.advance(60_000);
  assert.deepEqual(at('a').list(), [urlOf('b'), urlOf('root')]);
  await ask('a');
  assert.deepEqual(at('a').list(), [urlOf('root')]);
  assert.deepEqual(codes('a'), ['E_PARENT_LOOP']);
  // When b goes elsewhere, a may go below b.
  parents.b = 'root';
  await ask('b');
  await clock.advance(60_000);
  await ask('a');
  assert.deepEqual(at('a').list(), [urlOf('b')]);
  assert.deepEqual(codes('a'), []);
});

test('four relays that all moved at the same moment find their circle after as many questions', async () => {
  const { ask, codes, clock } = tree({ a: 'b', b: 'c', c: 'd', d: 'a' });
  const found = (): boolean => ['a', 'b', 'c', 'd'].some((name) => codes(name).includes('E_PARENT_LOOP'));
  let rounds = 0;
  for (; !found() && rounds < 10; rounds += 1) {
    await ask('a', 'b', 'c', 'd');
    await clock.advance(60_000);
  }
  assert.ok(rounds <= 4, `${rounds} rounds`);
});

test('a line that is longer than any tree counts as a circle', () => {
  const faults = new Faults(testClock());
  const loops = new Loops(() => idOf('a'), testClock(), faults);
  const line = Array.from({ length: limits.lineHosts + 1 }, (_, at) => idOf(`h${at}`));
  assert.equal(loops.judge(urlOf('b'), line), false);
  assert.equal(loops.judge(urlOf('b'), line.slice(1)), true);
});

test('a parent that a person took from the list is no fault any more', () => {
  const faults = new Faults(testClock());
  const loops = new Loops(() => idOf('a'), testClock(), faults);
  loops.judge(urlOf('b'), [idOf('b'), idOf('a')]);
  assert.equal(faults.list().length, 1);
  assert.deepEqual(loops.pass([urlOf('c')], [urlOf('root')]), [urlOf('c')]);
  assert.equal(faults.list().length, 0);
});

test('relays that were made each other’s parents, or their own by another name, go on by the way they joined', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 200 });
  const start = async (name: string, parents: () => readonly string[]) => {
    const joined = await installation.join(production, {
      parents: [root.url],
      serves: [production.id],
      name,
    });
    return await startRelay(t, joined, { parents, timing: { holdMs: 200 } });
  };
  let ofFirst: readonly string[] = [root.url];
  const first = await start('first', () => ofFirst);
  const second = await start('second', () => [first.url]);
  const codes = () => first.status().faults.map(({ code }) => code);
  const one = await deploy('1.0.0');
  await waitUntil(() => snapshotAt(second, production.id) === one.snapshot);
  ofFirst = [second.url];
  await waitUntil(() => codes().includes('E_PARENT_LOOP'));
  const two = await deploy('2.0.0');
  await waitUntil(() => snapshotAt(second, production.id) === two.snapshot);
  assert.deepEqual(second.status().faults, []);
  ofFirst = [root.url];
  await waitUntil(() => codes().length === 0);
  ofFirst = [first.url.replace('127.0.0.1', 'localhost')];
  await waitUntil(() =>
    first.status().faults.some(({ message }) => message.includes('is this relay itself')),
  );
  const three = await deploy('3.0.0');
  await waitUntil(() => snapshotAt(second, production.id) === three.snapshot);
});
