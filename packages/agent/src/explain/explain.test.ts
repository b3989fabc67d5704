import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { putPatchList } from '@xylem/store';
import { freePort, tempFolder, waitUntil } from '@xylem/testkit';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { explainHost } from './explain.ts';

test('says what is wanted, what is, what is to do and what keeps it, and changes nothing', async (t) => {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const explain = () =>
    explainHost({ stateFolder: host.stateFolder, node: process.execPath, clock: systemClock });
  const port = await freePort();
  const api = async (version: string, status = 200) => {
    const { files, document } = webService(version, port, { status, startTimeoutMs: 300 });
    const made = await site.publish('api', version, files, document);
    return { release: await site.vendor.release(version, [made]), package: made };
  };
  assert.deepEqual((await explain()).direction, null);

  await site.assign([await api('1.0.0')]);
  const agent = await site.agent(host);
  await reported(front, host, '1.0.0', (report) => componentOf(report, 'api')?.healthy === true);
  const well = await explain();
  const transfer = well.components[0]?.transfer ?? null;
  assert.ok(transfer !== null && transfer.took.fetchedBytes > 0 && transfer.took.requests > 0);
  const { choice, took } = transfer;
  assert.deepEqual([choice?.kind, choice?.why], ['whole', 'nothing of it was here']);
  assert.deepEqual(
    choice?.roads.map(({ kind, bytes, requests }) => [kind, bytes, requests]),
    [['whole', took.fetchedBytes, took.requests]],
  );
  assert.equal(well.agentRuns, true);
  assert.deepEqual(well.components, [
    {
      component: 'api',
      desired: '1.0.0',
      installed: '1.0.0',
      running: 'running',
      steps: [],
      keeping: [],
      transfer,
      lastFailure: null,
    },
  ]);

  await site.assign([await api('2.0.0', 500)]);
  await reported(front, host, 'the refusal', (report) => componentOf(report, 'api')?.refused !== undefined);
  // It is reported before what was staged is gone.
  const refused = await waitUntil(async () => {
    const [one] = (await explain()).components;
    return one?.steps.length === 0 ? one : null;
  });
  assert.deepEqual([refused.desired, refused.installed], ['2.0.0', '1.0.0']);
  assert.equal(refused.keeping[0]?.code, 'E_HEALTH_FAILED');

  await agent.stop();
  await rm(join(host.stateFolder, 'components', 'api', 'current'));
  const before = await readdir(host.stateFolder, { recursive: true });
  const down = await explain();
  assert.equal(down.agentRuns, false);
  assert.deepEqual(down.components[0]?.steps.slice(0, 1), ['stage']);
  assert.deepEqual(await readdir(host.stateFolder, { recursive: true }), before);
});

test('a damaged patch is told as tried in vain, with its fault, and not as what brought the tree', async (t) => {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const publish = async (version: string) => {
    const made = await site.publish('web', version, { VERSION: version, same: { noiseBytes: 100_000 } });
    return { release: await site.vendor.release(version, [made]), package: made };
  };
  const old = await publish('1.0.0');
  await site.assign([old]);
  await site.agent(host);
  await reported(front, host, '1.0.0', (report) => componentOf(report, 'web')?.version === '1.0.0');

  const next = await publish('2.0.0');
  const damaged = Buffer.from('no patch at all');
  const { repository } = site.installation;
  const { domain } = site.vendor;
  await repository.putObject(domain, sha256(damaged), damaged);
  const listed = [old.package.tree, sha256(damaged), damaged.length, 5, 90_000] as const;
  await putPatchList(repository, domain, next.package.tree, [listed]);
  await site.assign([next]);
  const report = await reported(front, host, '2.0.0', (one) => componentOf(one, 'web')?.version === '2.0.0');
  assert.equal(componentOf(report, 'web')?.came, undefined);

  const { components } = await explainHost({
    stateFolder: host.stateFolder,
    node: process.execPath,
    clock: systemClock,
  });
  const { choice, took } = components[0]?.transfer ?? assert.fail('nothing was noted');
  assert.equal(took.patchedBytes, 0);
  assert.deepEqual([choice?.kind, choice?.why], ['chunks', 'the patch led nowhere']);
  const tried = choice?.roads.find(({ kind }) => kind === 'patch');
  assert.deepEqual([tried?.from, tried?.nowhere?.code], [old.package.tree, 'E_PATCH_INVALID']);
});

test('a folder without an identity is no host', async (t) => {
  const stateFolder = await tempFolder(t);
  await assert.rejects(explainHost({ stateFolder, node: process.execPath, clock: systemClock }), {
    code: 'E_NOT_JOINED',
  });
});
