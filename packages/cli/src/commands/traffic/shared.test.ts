import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Traffic } from '@xylem/root/contract';
import { trafficText } from './shared.ts';

const nowMs = Date.parse('2026-11-22T10:00:00Z');
const late = (name: string, more: object) => ({ name, silent: false, reported: null, why: null, ...more });
const said = (behind: readonly object[]) =>
  trafficText(
    {
      product: 'shop',
      component: 'edge',
      key: 'serving',
      label: 'color',
      groups: ['blue', 'green'],
      serving: 'green',
      number: 1,
      switched: null,
      done: behind.length === 0,
      applied: [
        { host: 'b', name: 'lb-2' },
        { host: 'a', name: 'lb-1' },
      ],
      behind,
    } as unknown as Traffic,
    nowMs,
  );

test('who has confirmed where traffic goes, who is missing, since when, and what to do', () => {
  assert.match(said([]), /done: 2 of 2 balancers \(edge\) .*\n {2}applied: lb-1, lb-2$/);
  const text = said([
    late('lb-3', { silent: true, heard: '2026-11-22T08:00:00Z' }),
    late('lb-4', { silent: true, heard: null }),
    late('lb-5', { why: 'E_WINDOW: …' }),
  ]);
  assert.match(text, /behind: lb-3, silent for 2h:/);
  assert.match(text, /behind: lb-4, never heard of/);
  assert.match(text, /behind: lb-5: E_WINDOW/);
  assert.match(text, /xylem host retire NAME.*xylem deployment skip ID NAME --reason TEXT/);
  assert.doesNotMatch(said([late('lb-5', {})]), /host retire/);
});
