import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootGuest, waitUntil } from '@xylem/testkit';
import { stepsOfKind } from '../../converge/points.ts';

const main = '/opt/xylem/packages/agent/src/testing/faults/power-main.ts';
const folder = '/var/lib/bench';
/** Those that end other roads, those of a service with a router, and those of one that is adopted. */
const others = ['revert', 'remove', 'purge', 'unapply', 'route', 'drain', 'adopt', 'disown'];
/** XYLEM_POWER_POINTS=all: each step, and also before it acts. */
const isWhole = process.env.XYLEM_POWER_POINTS === 'all';
const few = ['stage', 'switch', 'start', 'commit'];
const steps = stepsOfKind.service.filter((step) => (isWhole ? !others.includes(step) : few.includes(step)));
const phases = isWhole ? ['written', 'acted'] : ['acted'];

interface Look {
  readonly current: string | null;
  readonly data: unknown;
  readonly temporary: readonly string[];
  readonly units: number;
}

test('a host under systemd that loses its power in any step of an update boots, and finishes', {
  timeout: 600_000,
}, async (t) => {
  const guest = await bootGuest(t, { name: 'power', memoryBytes: 900 * 2 ** 20 });
  if ('skip' in guest) return t.skip(guest.skip);
  const node = async (...words: string[]): Promise<unknown> => {
    const text = await guest.run(['node', main, ...words]);
    return text === '' ? null : JSON.parse(text);
  };
  const look = async (): Promise<Look> => (await node('look', folder)) as Look;
  await guest.run(['mkdir', '-p', folder]);
  await node('prepare', folder);
  const arrived = (version: string) => ({
    rested: true,
    waiting: [],
    installed: version,
    trees: 1,
    partials: 0,
    answers: version,
  });
  assert.deepEqual(await node('go', folder, '1.0.0'), arrived('1.0.0'));
  await guest.write('/var/lib/xylem/host/components/api/data/deep/kept', 'by the user');
  const first = await look();
  assert.deepEqual(await node('go', folder, '2.0.0'), arrived('2.0.0'));
  const second = await look();
  const trees = [first.current, second.current];
  let version = '2.0.0';
  const reached = join(guest.root, folder, 'reached');
  for (const step of steps) {
    for (const phase of phases) {
      const point = `service/${step}/${phase}`;
      const next = version === '2.0.0' ? '1.0.0' : '2.0.0';
      const going = guest.exec(['node', main, 'go', folder, next, point]).catch(() => null);
      await waitUntil(() => existsSync(reached), 60_000, point);
      await guest.powerOff();
      await going;
      await rm(reached);
      await guest.boot();
      const found = await look();
      assert.ok(trees.includes(found.current), `${point}: the slot is the old or the new`);
      assert.deepEqual(found.data, first.data, `${point}: its data`);
      assert.deepEqual(await node('go', folder, next), arrived(next), point);
      const rested = await look();
      assert.deepEqual({ ...rested, current: null }, { ...first, current: null }, point);
      version = next;
    }
  }
  t.diagnostic(`${steps.length * phases.length} power losses, in ${steps.join(', ')}`);
});
