import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { stateLayout } from '../state/layout.ts';
import { restoreSnapshot, takeSnapshot, triedAfter } from './snapshot.ts';

test('what the former version can not read is put back; what is only newer stays, and keys are not copied', async (t) => {
  const layout = stateLayout(await tempFolder(t));
  const before = join(layout.root, 'agent', 'before');
  const slot = layout.component('web').slot;
  const files = {
    accepted: layout.accepted,
    slot,
    spool: join(layout.reports, 'state.json'),
    host: join(layout.identity, 'host.json'),
    keys: join(layout.identity, 'data-keys.json'),
  };
  const write = async (path: string, format: string, n: number): Promise<void> => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, JSON.stringify({ format, n }));
  };
  for (const [name, path] of Object.entries(files)) await write(path, `${name}-1`, 1);
  await takeSnapshot(layout, before, '/next');
  assert.equal(await triedAfter(before), '/next');
  assert.deepEqual(
    (await readdir(before, { recursive: true })).filter((name) => name.includes('keys')),
    [],
  );

  await write(files.accepted, 'accepted-1', 2);
  await write(files.slot, 'slot-2', 2);
  await rm(files.host);
  await writeFile(files.spool, '{"form');
  const restored = await restoreSnapshot(layout, before, silentLog);
  assert.deepEqual(restored.sort(), ['components/web/slot.json', 'identity/host.json', 'reports/state.json']);
  const numberIn = async (path: string): Promise<unknown> =>
    (JSON.parse(await readFile(path, 'utf8')) as { n: unknown }).n;
  assert.equal(await numberIn(files.accepted), 2);
  for (const path of [files.slot, files.host, files.spool]) assert.equal(await numberIn(path), 1);
  assert.deepEqual(await restoreSnapshot(layout, before, silentLog), [], 'once');
});
