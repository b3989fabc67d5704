import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { removeLater, tempFolder, waitUntil } from '@xylem/testkit';
import { findMarked, killMarked } from './marked.ts';
import { SupervisedService } from './service.ts';

test('nothing is started before its mark is on the disk: a supervisor that is killed then leaves no stranger', async (t) => {
  const folder = await tempFolder(t, 'service');
  const mark = randomBytes(16).toString('hex');
  const saved = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const spec = {
    component: 'api',
    command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
    environment: {},
    workingFolder: folder,
    stopTimeoutMs: 1_000,
    tree: '0'.repeat(64),
    fingerprint: '1'.repeat(64),
  };
  const service = new SupervisedService(
    { spec, mark, process: null, startedAt: 0, restarts: 0, lastExit: null },
    {
      clock: systemClock,
      log: silentLog,
      logPath: join(folder, 'api.log'),
      label: 'label',
      save: () => {
        asked.resolve();
        return saved.promise;
      },
      changed: () => undefined,
    },
    {},
  );
  removeLater(t, () => void killMarked(mark));
  await asked.promise;
  assert.deepEqual(findMarked(mark), []);
  saved.resolve();
  await service.started;
  await waitUntil(() => findMarked(mark).length === 1, 20_000, 'the service');
  await service.stop();
  assert.deepEqual(findMarked(mark), []);
});
