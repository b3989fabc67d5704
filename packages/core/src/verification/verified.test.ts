import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostWord } from './on-hosts.ts';
import { definitionOf, type Probe, type ProbeResult } from './probe.ts';
import { unverified, unverifiedOnHosts } from './verified.ts';

const probe: Probe = { name: 'front', url: 'https://shop.example/' };
const of = definitionOf(probe);
const minute = 60_000;
const result = (more: Partial<ProbeResult> = {}): ProbeResult => ({
  name: 'front',
  of,
  state: 'pass',
  reason: 'status 200 in 1 ms',
  since: 0,
  at: 20 * minute,
  ...more,
});
const passing = { seconds: 600, afterMs: 10 * minute, nowMs: 20 * minute };

test('a probe of the root server is verified once it has passed for so long, and was asked since', () => {
  const look = (last: ProbeResult | null) => unverified(probe, last, passing);
  assert.equal(look(result()), null);
  assert.equal(look(result({ since: 10 * minute })), null);
  assert.equal(look(result({ since: 10 * minute + 1 })), 'front passes since 1970-01-01T00:10:00Z only');
  assert.equal(look(result({ state: 'fail', reason: 'status 503' })), 'front: status 503');
  assert.equal(look(null), 'front was not asked since');
  assert.equal(look(result({ at: 10 * minute })), 'front was not asked since');
  assert.equal(look(result({ of: 'another' })), 'front was not asked since');
  const late = { ...passing, nowMs: 60 * minute };
  assert.equal(unverified(probe, result(), late), 'front was not asked since', 'what is old says nothing');
});

test('a probe that hosts ask is verified where it has passed for so long on all but as many as may fail', () => {
  const word = (more: Partial<ProbeResult> = {}, isHeard = true): HostWord => {
    return { host: 'h', isHeard, changed: minute, results: [result(more)] };
  };
  const look = (words: readonly HostWord[], maxFailed: number | null = null): string | null =>
    unverifiedOnHosts(probe, words, passing, { maxFailed, maxUnavailable: '10%' });
  const good = word();
  assert.equal(look([good, good]), null);
  for (const bad of [
    word({ state: 'fail' }),
    word({ since: 11 * minute }),
    word({ at: minute }),
    word({}, false),
    { ...good, results: [] },
  ]) {
    assert.equal(look([good, bad]), 'front has passed for 600 s on 1 of 2 hosts');
    assert.equal(look([good, bad], 1), null);
    assert.equal(look([bad, bad], 5), 'front has passed for 600 s on 0 of 2 hosts', 'never on none');
  }
  assert.equal(look([]), 'front is asked by no host');
});
