import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

test('a new host joins and converges over a link of 64 kbit/s that loses a fifth of the packets', {
  timeout: 600_000,
}, async (t) => {
  const here = await labHere(t, 'slow-link');
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  await here.release('1.0.0', 'one');
  const site = await lab.node('site', { link: { rate: '64kbit', loss: 0.2 } });
  const xylem = here.on(site);
  const state = at('site');
  await startNode(xylem, { name: 'site', environment, state, operator });
  const file = (): string => readFileSync(`${state}/components/web/current/file`, 'utf8');
  await waitUntil(() => file() === 'one', 300_000);
  await here.release('2.0.0', 'two');
  await waitUntil(() => file() === 'two', 300_000);
  const { down, up } = await lab.carried(site);
  assert.ok(down < 200_000 && up < 100_000, `${down} bytes down and ${up} up`);
});
