import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '@xylem/core';
import { Updater } from 'tuf-js';
import {
  changeState,
  directionRepository,
  releaseBytes,
  serveFiles,
  TestReleases,
  type TestRepository,
} from '../testing/test-repository.ts';
import { channelTarget, desiredStateTarget, releaseTarget } from './names.ts';

/** Stock tuf-js over real HTTP. It can't be given a clock: the process's own is set. */
async function stock(
  t: TestContext,
  repository: TestRepository,
): Promise<{ updater: () => Updater; folder: string; requests: string[] }> {
  t.mock.timers.enable({ apis: ['Date'], now: repository.nowMs });
  const folder = await mkdtemp(join(tmpdir(), 'xylem-tuf-js-'));
  const server = await serveFiles((path) => repository.files.get(path) ?? null);
  t.after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  await writeFile(join(folder, 'root.json'), repository.pinned);
  const updater = (): Updater =>
    new Updater({
      metadataDir: folder,
      metadataBaseUrl: `${server.url}/metadata`,
      targetDir: folder,
      targetBaseUrl: `${server.url}/targets`,
      config: { fetchRetries: 0 },
    });
  return { updater, folder, requests: server.requests };
}

test('stock tuf-js follows a direction repository', async (t) => {
  const repository = await directionRepository('oracle');
  const { updater, folder } = await stock(t, repository);
  for (const state of ['second', 'third']) {
    await changeState(repository, state);
    const fresh = updater();
    const info = await fresh.getTargetInfo(desiredStateTarget);
    assert.ok(info);
    const path = await fresh.downloadTarget(info, join(folder, 'state'));
    assert.equal(await readFile(path, 'utf8'), state);
  }
});

for (const count of [3, 51, 1001]) {
  test(`stock tuf-js finds releases and channels among ${count}`, async (t) => {
    const repository = await TestReleases.make('oracle vendor');
    await repository.publish(await repository.release(0, count));
    const { updater, folder, requests } = await stock(t, repository);
    const fresh = updater();
    for (const number of [0, count - 1]) {
      const target = releaseTarget('shop', sha256(releaseBytes(number)));
      const info = await fresh.getTargetInfo(target);
      assert.ok(info, `release ${number}`);
      const path = await fresh.downloadTarget(info, join(folder, `release-${number}`));
      assert.deepEqual(await readFile(path), releaseBytes(number));
    }
    assert.ok(await fresh.getTargetInfo(channelTarget('shop', 'stable')));
    assert.equal(await fresh.getTargetInfo('release/other/x.json'), undefined);
    const bins = new Set(requests.filter((path) => /-b[0-9a-f]+\.json$/.test(path)));
    assert.ok(count > 50 ? bins.size >= 1 && bins.size <= 2 : bins.size === 0, [...bins].join());
  });
}
