import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { tempFolder, testClock } from '@xylem/testkit';
import type { WantedState } from '../direction/wanted.ts';
import { drivers } from '../drivers/index.ts';
import { stateLayout } from '../state/layout.ts';
import { harnessProcess } from '../testing/harness-process.ts';
import { testPackage, writeTree } from '../testing/packages.ts';
import type { ExecutorTools } from './apply/executor.ts';
import { converger } from './converge.ts';

const idle: ExecutorTools['supervisor'] = {
  list: async () => [],
  check: async () => {},
  start: async () => {},
  stop: async () => {},
  output: async () => ({ where: '', last: '' }),
  close: () => {},
};

test('what failed and came right by another hand is not waited for any more', async (context) => {
  const layout = stateLayout(await tempFolder(context));
  const clock = testClock();
  const { files, ...placed } = testPackage({ component: 'web', version: '1.0.0', files: { a: 'one' } });
  let broken = false;
  const tools: ExecutorTools = {
    layout,
    self: harnessProcess(layout.root),
    secrets: { open: async () => new Map<string, string>() },
    node: process.execPath,
    supervisor: idle,
    clock,
    log: silentLog,
    signal: new AbortController().signal,
    drivers,
    fetchTree: async ({ into }) => {
      if (broken) throw new XylemError('E_PARENT_UNREACHABLE', 'nobody is there');
      await mkdir(dirname(into), { recursive: true });
      await writeTree(into, files);
    },
  };
  const wanted = { snapshot: 1, number: 1, components: [placed], held: [], purge: [], keepPrevious: 1 };
  const own = converger({ tools, slotRetryMs: 1_000, fraction: () => 0.5 });
  const pass = () =>
    own.run(
      () => wanted as WantedState,
      () => undefined,
    );
  assert.equal((await pass()).rested, true);
  broken = true;
  const { trees } = layout.component('web');
  await rename(trees, `${trees}-away`);
  await pass();
  assert.ok((own.retryInMs() ?? 0) > 0, 'it is tried again');
  await rm(trees, { recursive: true });
  await rename(`${trees}-away`, trees);
  await clock.advance(60_000);
  assert.equal((await pass()).rested, true);
  assert.equal(own.retryInMs(), null);
});

test('hosts that failed together do not try again together', async (context) => {
  const layout = stateLayout(await tempFolder(context));
  const { files: _files, ...placed } = testPackage({
    component: 'web',
    version: '1.0.0',
    files: { a: 'one' },
  });
  const tools: ExecutorTools = {
    layout,
    self: harnessProcess(layout.root),
    secrets: { open: async () => new Map<string, string>() },
    node: process.execPath,
    supervisor: idle,
    clock: testClock(),
    log: silentLog,
    signal: new AbortController().signal,
    drivers,
    fetchTree: async () => {
      throw new XylemError('E_PARENT_UNREACHABLE', 'nobody is there');
    },
  };
  const wanted = { snapshot: 1, number: 1, components: [placed], held: [], purge: [], keepPrevious: 1 };
  const pauses: number[] = [];
  for (const fraction of [0, 0.5, 0.999]) {
    const own = converger({ tools, slotRetryMs: 1_000, fraction: () => fraction });
    await own.run(
      () => wanted as WantedState,
      () => undefined,
    );
    pauses.push(Math.round(own.retryInMs() ?? 0));
  }
  assert.deepEqual(pauses, [750, 1_000, 1_250]);
});
