import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

/** docs/spec/failover.md, of a parent that drops packets while a request for news is held: of a host, of a relay. */
const leftWithinMs = { host: 60_000, low: 65_000 };
/** What is new is out by then and only has to come, on a busy machine. */
const comesWithinMs = 15_000;

test('a host and a relay whose parent’s packets are dropped have the next release by the other, and go on when it is back', {
  timeout: 300_000,
}, async (t) => {
  const here = await labHere(t, 'silent-parent');
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  const join = async (name: string, parent: string | undefined, serve: boolean) => {
    const node = await lab.node(name);
    const url = `https://${name}.lab:8442`;
    const serving = serve ? { serve, listen: { listen: '[::]:8442', url } } : {};
    await startNode(here.on(node), { name, environment, state: at(name), operator, parent, ...serving });
    return { node, url };
  };
  const east = await join('east', undefined, true);
  const west = await join('west', undefined, true);
  const below = ['host', 'low'] as const;
  for (const name of below) {
    await join(name, east.url, name === 'low');
    const parents = ['--parent', east.url, '--parent', west.url];
    await operator.command(['host', 'move', name, ...parents, '--at-once', '--yes']);
  }
  const file = (name: string): string => readFileSync(at(name, 'components/web/current/file'), 'utf8');
  const parent = async (name: string): Promise<string | null | undefined> =>
    ((await operator.command(['host', 'show', name])) as HostDetail).parent?.url;
  await here.arrive('1.0.0', 'one');
  for (const name of below) assert.equal(await parent(name), east.url);

  await lab.cut(east.node);
  await here.release('2.0.0', 'two');
  for (const name of below)
    await waitUntil(() => file(name) === 'two', leftWithinMs[name] + comesWithinMs, `2.0.0 at ${name}`);
  for (const name of below)
    await waitUntil(async () => (await parent(name)) === west.url, 30_000, `${name} to say by whom`);
  assert.equal(file('east'), 'one');

  await lab.mend(east.node);
  await here.arrive('3.0.0', 'three');
  for (const name of ['east', 'west', ...below]) assert.equal(file(name), 'three');
});
