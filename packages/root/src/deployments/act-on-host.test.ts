import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  type Digest,
  type HostId,
  type HostMapEntry,
  noPackage,
  nothingRecorded,
  parseHostMapNode,
  replayed,
} from '@xylem/core';
import { cleanup, tempFolder, waitUntil } from '@xylem/testkit';
import { testDatabases } from '../testing/databases.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

const own = cleanup();
after(() => own.run());

/** What the host map says to a host. */
async function entryOf(host: FakeHost, folder: string): Promise<HostMapEntry> {
  const state = await host.desiredState(`${folder}/${host.id}`);
  const read = async (digest: Digest, depth: number): Promise<HostMapEntry> => {
    const { body } = await host.get(`/o/${state.environment}/${digest}`);
    const node = parseHostMapNode(body);
    if ('hosts' in node) return node.hosts[host.id as HostId] ?? assert.fail();
    return await read(node.children[host.id[depth] ?? ''] ?? assert.fail(), depth + 1);
  };
  return await read(state.hostMap, 0);
}

for (const { kind, skip, options } of await testDatabases(own)) {
  test(`one host of a deployment is skipped, taken in again, and tries again what it refused: ${kind}`, {
    skip,
  }, async (t) => {
    const root = await rootFixture(t, await options('acts'));
    const shop = await publisher(t, root, 'shop');
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      await shop.publish('web', version, { 'a.txt': version });
      await shop.release(version, { web: version });
    }
    await root.api('environmentCreate', { body: { name: 'acme/production' } });
    const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', uses: 4 } });
    const folder = await tempFolder(t, 'tuf');
    const hosts: FakeHost[] = [];
    for (let i = 0; i < 4; i += 1) hosts.push(await fakeHost(root, token, { name: `web-${i}` }));
    const [one, two, ...others] = hosts;
    assert.ok(one !== undefined && two !== undefined);
    const deploy = async (version: string, strategy: object): Promise<string> => {
      const { deployments } = await root.api('deploymentCreate', {
        body: {
          kind: 'deploy',
          product: 'shop',
          version,
          environments: ['acme/production'],
          strategy,
        } as never,
      });
      return deployments[0]?.id ?? '';
    };
    const obey = async (host: FakeHost, version: string): Promise<void> => {
      const { assignments } = await host.desiredState(`${folder}/${host.id}`);
      await host.report([assignments.find((given) => given.version === version) ?? assert.fail()]);
    };
    const ended = async (id: string) =>
      await waitUntil(async () => {
        const deployment = await root.api('deploymentShow', { params: { id } });
        return deployment.state === 'running' ? null : deployment;
      });
    const act = (
      what: 'deploymentSkipHost' | 'deploymentUnskipHost' | 'deploymentRetryHost',
      id: string,
      host: string,
      reason = 'its disk is being replaced',
    ) => root.api(what, { params: { id }, body: { host, reason } });
    const atOnce = { kind: 'all-at-once' };
    const many = { kind: 'rolling', maxUnavailable: 4, maxFailed: 3 };

    const first = await deploy('1.0.0', atOnce);
    for (const host of hosts) await obey(host, '1.0.0');
    assert.equal((await ended(first)).state, 'succeeded');

    const second = await deploy('2.0.0', many);
    await assert.rejects(act('deploymentRetryHost', second, 'web-0'), {
      code: 'E_CONFLICT',
      message: /has refused nothing/,
    });
    await assert.rejects(act('deploymentSkipHost', second, 'web-9'), { code: 'E_NOT_FOUND' });
    await assert.rejects(act('deploymentUnskipHost', second, 'web-0'), { code: 'E_CONFLICT' });

    // Skipped while it is paused; asked twice it is the same word, by another it is refused.
    await root.api('deploymentPause', { params: { id: second } });
    const skipped = await act('deploymentSkipHost', second, 'web-0');
    assert.equal((await act('deploymentSkipHost', second, one.id)).progress.skipped, 1);
    await assert.rejects(act('deploymentSkipHost', second, 'web-0', 'another reason'), {
      code: 'E_CONFLICT',
      message: /was skipped already, by .*: its disk/,
    });
    assert.deepEqual([skipped.progress.eligible, skipped.progress.skipped], [3, 1]);
    assert.equal((await act('deploymentSkipHost', second, 'web-2')).progress.skipped, 2);
    assert.equal((await act('deploymentUnskipHost', second, 'web-2')).progress.skipped, 1);
    assert.deepEqual(
      skipped.behind?.counts.map(({ reason, hosts: count }) => [reason, count]),
      [['skipped', 1]],
    );
    assert.match(skipped.behind?.counts[0]?.advice ?? '', /xylem deployment unskip/);
    assert.match(skipped.behind?.hosts[0]?.message ?? '', /skipped it at .*: its disk is being replaced/);
    assert.deepEqual((await entryOf(one, folder)).pins, { web: noPackage });
    const why = await root.api('hostWhy', { params: { host: one.id } });
    assert.match(JSON.stringify(why.links), /skipped in d-.*: its disk is being replaced/);
    await root.api('deploymentResume', { params: { id: second } });

    // Another refuses it, and tries again by an order that it had not heard of; its failure stays counted.
    const refused = {
      package: (await two.desiredState(`${folder}/${two.id}`)).assignments[0]?.package ?? assert.fail(),
      code: 'E_HEALTH_FAILED',
      message: 'answered 500',
    };
    const running = (extra: object) => ({
      component: 'web',
      product: 'shop',
      kind: 'files',
      package: noPackage,
      version: '1.0.0',
      tree: noPackage,
      previous: null,
      state: 'installed',
      healthy: null,
      since: '2026-11-21T00:00:00Z',
      ...extra,
    });
    const refuse = (extra: object = {}) =>
      two.report(undefined, { components: [running({ refused: { ...refused, ...extra } }) as never] });
    await refuse();
    const failed = async (count: number) =>
      await waitUntil(async () => {
        const { progress } = await root.api('deploymentShow', { params: { id: second } });
        return progress.failed === count;
      });
    await failed(1);
    assert.equal((await act('deploymentRetryHost', second, 'web-1', 'cabling')).progress.failed, 0);
    const order = (await entryOf(two, folder)).retry?.['web'] ?? assert.fail();
    await refuse();
    await failed(0);
    await refuse({ retry: order });
    await failed(1);
    await act('deploymentRetryHost', second, 'web-1', 'cabling again');
    assert.notEqual((await entryOf(two, folder)).retry?.['web'], order);
    for (const host of [two, ...others]) await obey(host, '2.0.0');
    const end = await ended(second);
    assert.equal(end.state, 'succeeded');
    assert.match(end.reason ?? '', /^3 hosts run it .*; 1 skipped\.$/);

    // Nothing comes to it by the end, nor by the begin of the next, until its turn.
    assert.deepEqual((await entryOf(one, folder)).pins, { web: noPackage });
    await assert.rejects(act('deploymentSkipHost', second, 'web-2'), { code: 'E_DEPLOYMENT_STATE' });
    const { records } = await root.api('deploymentEvidence', { params: { id: second }, query: {} });
    let recorded = nothingRecorded;
    for (const { document } of records) {
      const result = replayed(recorded, document);
      if (typeof result === 'string') throw new Error(result);
      recorded = result.after;
    }
    const all = records.map(({ document }) => document).join();
    for (const said of [/"skipped":true/, /"failedAt":\d+/, /"hostActs":5/]) assert.match(all, said);
    const events = (await root.api('deploymentEvents', { params: { id: second }, query: {} })).events;
    assert.deepEqual(
      events.flatMap(({ kind: told }) => (told.startsWith('host-') ? [told] : [])),
      ['host-skipped', 'host-skipped', 'host-unskipped', 'host-retried', 'host-retried'],
    );
    const third = await deploy('3.0.0', { kind: 'rolling', maxUnavailable: 1 });
    await assert.rejects(act('deploymentUnskipHost', second, 'web-0'), { code: 'E_DEPLOYMENT_STATE' });
    const given = async (host: FakeHost) =>
      (await root.api('hostShow', { params: { host: host.id } })).components[0]?.wantedVersion;
    const coming = new Set(hosts);
    await waitUntil(async () => {
      for (const host of coming) {
        if ((await given(host)) !== '3.0.0') continue;
        coming.delete(host);
        // One at a time: it is not given to it before its turn, though it is not at 2.0.0 either.
        if (host !== one && coming.has(one))
          assert.deepEqual((await entryOf(one, folder)).pins, { web: noPackage });
        await obey(host, '3.0.0');
      }
      return coming.size === 0;
    });
    assert.equal((await ended(third)).state, 'succeeded');
    assert.equal((await entryOf(one, folder)).pins, undefined);
  });
}
