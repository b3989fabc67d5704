import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemRandomness } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { createOperatorToken, initRoot } from '../init.ts';
import { apiClient } from '../testing/api-client.ts';
import { rootFixture, run } from '../testing/root-fixture.ts';

const ports = { clock: systemClock, randomness: systemRandomness };

test('one process at a time on a state folder', async (t) => {
  const root = await rootFixture(t);
  await assert.rejects(run(root.folder), { code: 'E_STATE_LOCKED' });
  await root.restart();
  assert.equal((await root.api('whoami')).name, 'operator');
});

test('init leaves a finished folder as it is, and keeps its hands off others', async (t) => {
  const root = await rootFixture(t);
  const again = await initRoot({ stateFolder: root.folder, ...ports });
  assert.equal(again.created, false);
  assert.equal(again.operatorToken, null);
  const folder = await tempFolder(t, 'other');
  await writeFile(join(folder, 'thesis.odt'), '');
  await assert.rejects(initRoot({ stateFolder: folder, ...ports }), { code: 'E_INPUT', message: /thesis/ });
  await assert.rejects(run(folder), { code: 'E_NOT_FOUND' });
});

test('an interrupted init begins anew', async (t) => {
  const folder = join(await tempFolder(t, 'init'), 'state');
  await initRoot({ stateFolder: folder, ...ports });
  const { rm } = await import('node:fs/promises');
  await rm(join(folder, 'format'));
  const { created, operatorToken } = await initRoot({ stateFolder: folder, ...ports });
  assert.equal(created, true);
  const running = await run(folder);
  const api = apiClient(() => running.apiUrl, operatorToken ?? '');
  assert.equal((await api('whoami')).name, 'operator');
  await running.close();
});

test('refuses a folder of a newer program', async (t) => {
  const root = await rootFixture(t);
  await root.running().close();
  await writeFile(join(root.folder, 'format'), 'xylem-root-2\n');
  await assert.rejects(run(root.folder), { code: 'E_STATE_VERSION' });
});

test('who can read the folder gets a new token when all are lost, also while it runs', async (t) => {
  const root = await rootFixture(t);
  const token = await createOperatorToken({ stateFolder: root.folder, ...ports, name: 'rescue' });
  const api = apiClient(() => root.running().apiUrl, token);
  assert.equal((await api('whoami')).name, 'rescue');
});
