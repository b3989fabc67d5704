import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Digest, type PackageDocument, timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { type FakeHost, fakeHost } from './fake-host.ts';
import { publisher } from './publisher.ts';
import { type RootFixtureOptions, rootFixture } from './root-fixture.ts';
import { shiftedClock } from './shifted-clock.ts';

const hour = 3_600_000;
export const patience = 60_000;

/** acme/staging, and three productions in two rings, each with one host that runs 1.0.0. */
export async function shopInRings(
  t: TestContext,
  {
    only = ['staging', 'one', 'two', 'three'],
    document = {},
    ...options
  }: Pick<RootFixtureOptions, 'database'> & {
    readonly only?: readonly string[];
    /** Further blocks of its packages' documents. */
    readonly document?: Partial<PackageDocument>;
  } = {},
) {
  const clock = shiftedClock(-20 * 24 * hour);
  const root = await rootFixture(t, { clock, ...options });
  const { api } = root;
  const shop = await publisher(t, root, 'shop');
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
    await shop.publish('shop-web', version, { 'index.html': version }, { document });
    await shop.release(version, { 'shop-web': version });
  }
  const folder = await tempFolder(t, 'tuf');
  const hosts = new Map<string, FakeHost>();
  const places = { staging: '0', one: '1', two: '2', three: '2' };
  for (const [name, ring] of Object.entries(places)) {
    if (!only.includes(name)) continue;
    const stage = name === 'staging' ? 'staging' : 'production';
    const policy = name === 'staging' ? '' : 'policy: { after: none }\n';
    const yaml = `environment: acme/${name}\nstage: ${stage}\nlabels: { ring: '${ring}' }\n${policy}`;
    await api('environmentCreate', { body: { name: `acme/${name}`, yaml } });
    const { token } = await api('tokenCreate', { body: { environment: `acme/${name}` } });
    hosts.set(name, await fakeHost(root, token, { name: `web-${name}` }));
  }
  /** The host does what is asked of it, or says that it failed. */
  const follow = async (name: string, how: 'well' | 'failing' = 'well') => {
    const host = hosts.get(name) ?? assert.fail(name);
    const { assignments } = await host.desiredState(`${folder}/${name}`);
    const brought = assignments.slice(0, 1);
    const components = brought.map(({ component, product, package: digest, version }) => ({
      component,
      product,
      kind: 'files' as const,
      package: digest,
      version,
      tree: '0'.repeat(64) as Digest,
      previous: null,
      state: 'failed' as const,
      healthy: false,
      since: timeOf(clock.now()),
    }));
    await host.report(brought, how === 'well' ? {} : { components });
  };
  const last = async (name: string) => {
    const { deployments } = await api('deploymentList', {
      query: { environment: `acme/${name}`, limit: '1' },
    });
    return deployments[0];
  };
  const running = async (name: string, version: string) => {
    const isThere = async () => {
      const found = await last(name);
      return found?.version === version && found.state === 'running';
    };
    await waitUntil(isThere, patience, `${version} begins in ${name}`);
  };
  const succeed = async (name: string, version: string) => {
    await running(name, version);
    const isOver = async () => {
      await follow(name);
      return (await last(name))?.state === 'succeeded';
    };
    await waitUntil(isOver, patience, `${version} succeeds in ${name}`);
  };
  const bring = async (version: string) => {
    await api('deploymentCreate', {
      body: {
        kind: 'deploy',
        product: 'shop',
        version,
        environments: ['acme/*'],
        strategy: { kind: 'all-at-once' },
      },
    });
    for (const name of hosts.keys()) await succeed(name, version);
  };
  const planned = (yaml: string) => api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
  const show = (id: string) => api('planShow', { params: { id } });
  const start = (id: string) => api('planStart', { params: { id }, body: {} });
  const becomes = async (id: string, state: string) => {
    await waitUntil(async () => (await show(id)).state === state, patience, `the plan is ${state}`);
    return await show(id);
  };
  return { root, api, clock, hosts, follow, last, running, succeed, bring, planned, show, start, becomes };
}
