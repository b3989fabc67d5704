import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest, DomainId, EnvironmentId, HostId } from '@xylem/core';
import type { Asked } from '@xylem/store';
import type { Peer } from '@xylem/trust';
import fc from 'fast-check';
import type { Scope } from '../follow/scope.ts';
import { mayFollow, mayRead, mayReadMetrics, type Scopes } from './rights.ts';

const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
const id = fc.constantFrom(...ids);
const scope = fc.record({
  repositories: fc.uniqueArray(id).map((list) => new Set(list)),
  domains: fc.uniqueArray(id).map((list) => new Set(list as DomainId[])),
});
const scopesOf = (known: ReadonlyMap<string, Scope>): Scopes => ({
  get: (environment) => known.get(environment),
  environments: () => known.keys() as Iterable<EnvironmentId>,
});
const asked: fc.Arbitrary<Asked> = fc.oneof(
  id.map(
    (domain): Asked => ({ kind: 'object', domain: domain as DomainId, digest: 'd'.repeat(64) as Digest }),
  ),
  id.map((repository): Asked => ({ kind: 'metadata', repository })),
  id.map((environment): Asked => ({ kind: 'news', environment: environment as EnvironmentId })),
  id.map(
    (environment): Asked => ({
      kind: 'host-map',
      environment: environment as EnvironmentId,
      from: null,
      to: 'd'.repeat(64) as Digest,
    }),
  ),
);
const peerWith = (environment: string, serves: Peer['serves'], root = false): Peer => ({
  host: 'f'.repeat(32) as HostId,
  environment: environment as EnvironmentId,
  serves,
  root,
  notAfterMs: 0,
  expired: false,
});

test('whoever reads something may follow an environment whose scope names it', () => {
  const serves = fc.oneof(
    fc.constant(null),
    fc.constant('*' as const),
    fc.uniqueArray(id).map((list) => list as EnvironmentId[]),
  );
  fc.assert(
    fc.property(id, serves, fc.dictionary(id, scope), asked, (own, serving, dictionary, what) => {
      const known = new Map(Object.entries(dictionary));
      const peer = peerWith(own, serving);
      const readable = ids.some((environment) => {
        if (!mayFollow(peer, environment as EnvironmentId)) return false;
        if (what.kind === 'news' || what.kind === 'host-map') return what.environment === environment;
        if (what.kind === 'metadata' && what.repository === environment) return true;
        const found = known.get(environment);
        return what.kind === 'metadata'
          ? found?.repositories.has(what.repository) === true
          : found?.domains.has(what.domain) === true;
      });
      assert.equal(mayRead(peer, what, scopesOf(known)), readable);
    }),
  );
});

test('a plain host never gets beyond its environment; the root server reads all', () => {
  const other = { kind: 'news', environment: ids[1] as EnvironmentId } as const;
  assert.equal(mayRead(peerWith(ids[0] ?? '', null), other, scopesOf(new Map())), false);
  assert.equal(mayRead(peerWith(ids[0] ?? '', null, true), other, scopesOf(new Map())), true);
});

test('metrics are for the root server and for this machine', () => {
  for (const address of ['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])
    assert.equal(mayReadMetrics(null, address), true, address);
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '::10', '1.127.0.1', undefined]) {
    assert.equal(mayReadMetrics(null, address), false, String(address));
    assert.equal(mayReadMetrics(peerWith(ids[0] ?? '', '*'), address), false, String(address));
    assert.equal(mayReadMetrics(peerWith(ids[0] ?? '', null, true), address), true, String(address));
  }
});
