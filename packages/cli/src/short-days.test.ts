import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

const sizeBytes = 2_500_000;
/** So much crosses its link before its power goes again: less than the largest frame of a pack. */
const dayBytes = 800_000;

test('a host whose power goes again and again keeps what came, converges and reports', {
  timeout: 240_000,
}, async (t) => {
  const here = await labHere(t, 'short-days');
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  const site = await lab.node('site', { link: { rate: '2mbit' } });
  const xylem = here.on(site);
  const state = at('site');
  await startNode(xylem, { name: 'site', environment, state, operator });
  await site.kill();
  const large = randomBytes(sizeBytes);
  await here.release('1.0.0', large);

  const file = (): Buffer | null => {
    try {
      return readFileSync(`${state}/components/web/current/file`);
    } catch {
      return null;
    }
  };
  const carried = async (): Promise<number> => (await lab.carried(site)).down;
  let days = 0;
  while (file() === null) {
    days += 1;
    // Whoever began from the start each day would never be done.
    assert.ok(days < 12, `not there after ${days} days`);
    const morning = await carried();
    await xylem.start('site', ['agent', 'run', '--state', state]);
    await waitUntil(async () => file() !== null || (await carried()) > morning + dayBytes, 60_000);
    await site.kill();
  }
  assert.deepEqual(file(), large);
  assert.ok(days > 2, `${days} days`);

  await xylem.start('site', ['agent', 'run', '--state', state]);
  const shown = async () => (await operator.command(['host', 'show', 'site'])) as HostDetail;
  await waitUntil(async () => JSON.stringify((await shown()).components).includes('1.0.0'), 60_000);
});
