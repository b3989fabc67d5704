import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildHostMap } from '../direction/index.ts';
import type { HostId } from '../ids.ts';
import { limits } from '../limits.ts';
import { checkHostMapEntry, type HostMapEntry } from './host-map.ts';

describe('what a host map says to one host', () => {
  const fits = { name: 'web-1', labels: { role: 'web' } };
  const bad: readonly (readonly [string, object, RegExp])[] = [
    ['a key that is no label key', { labels: { Role: 'web' } }, /labels\.Role.*label key/],
    ['a value with a line break', { labels: { role: 'a\nb' } }, /labels\.role/],
    ['a parent that is no URL', { parents: ['relay'] }, /parents\[0\].*URL/],
    ['half a character', { config: { shop: { text: '\ud800' } } }, /surrogate/],
    ['more than its share of a node', { config: { shop: { text: 'x'.repeat(70_000) } } }, /at most 61440/],
  ];
  it('takes what fits', () => checkHostMapEntry('web-1', fits));
  for (const [what, part, message] of bad) {
    it(`refuses ${what} before it is signed`, () => {
      const entry = { ...fits, ...part } as HostMapEntry;
      assert.throws(() => checkHostMapEntry('web-1', entry), { code: 'E_INPUT', message });
    });
  }
  it('leaves room for sixteen of the largest and their pins', () => {
    const pins = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`component-${i}`, '0'.repeat(64)]));
    const largest = { ...fits, config: { shop: { text: 'x'.repeat(limits.hostMapEntry - 200) } } };
    checkHostMapEntry('web-1', largest);
    const hosts = Array.from({ length: 16 }, (_, i) => [i.toString(16).repeat(32), { ...largest, pins }]);
    buildHostMap(new Map(hosts as [HostId, HostMapEntry][]));
  });
});
