import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { randomFrom } from '@xylem/core/testing';
import { silentLog } from '@xylem/platform';
import { freePort, installDebian, tempFolder } from '@xylem/testkit';
import { stateLayout } from '../../state/layout.ts';
import { serviceRecords } from '../../supervisor/records.ts';
import { componentOf, reported, Site, webService } from '../site.ts';
import { waitFor } from '../wait-for.ts';
import { agentProcess } from './agent-process.ts';

const library = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
];

test('a clock ten years ahead, ten years back, and one that leaps: what runs goes on, and once it is right the host follows', {
  timeout: 180_000,
}, async (context) => {
  const missing = await installDebian('faketime');
  if (missing !== null) return context.skip(missing.skip);
  const preload = library.find((path) => existsSync(path));
  if (preload === undefined) return context.skip('no libfaketime for this architecture');
  const offset = join(await tempFolder(context, 'clock'), 'offset');
  /** Replaced, so that nobody reads half of it. */
  const leap = async (seconds: number): Promise<void> => {
    await writeFile(`${offset}.next`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${offset}.next`, offset);
  };
  await leap(0);
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const host = await site.host([front.url]);
  const publish = async (version: string): Promise<void> => {
    const { files, document } = webService(version, port);
    const api = await site.publish('api', version, files, document);
    await site.assign([{ release: await site.vendor.release(version, [api]), package: api }]);
  };
  const arrived = (version: string) =>
    reported(front, host, version, (report) => {
      const api = componentOf(report, 'api');
      return api?.version === version && api.healthy === true && report.waiting.length === 0;
    });
  const answer = (): Promise<string | null> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => null,
    );
  const table = serviceRecords(stateLayout(host.stateFolder).supervisor, silentLog);
  const pid = async (): Promise<number | undefined> => (await table.read())?.services[0]?.process?.pid;
  await publish('1.0.0');
  const env = {
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1',
    // A leap of the wall clock is none of the time since boot.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  let agent = agentProcess(context, host.stateFolder, { env });
  const again = async (): Promise<void> => {
    await agent.end('SIGKILL');
    agent = agentProcess(context, host.stateFolder, { env });
    await waitFor('the agent', () => agent.log().includes('agent runs'));
  };
  await arrived('1.0.0');
  let version = 1;
  for (const years of [10, -10]) {
    const running = await pid();
    await leap(years * 365 * 86_400);
    const before = agent.log().length;
    await publish(`${version + 1}.0.0`);
    const [old, next] = [`${version}.0.0`, `${version + 1}.0.0`];
    // Ahead of all that was signed nothing new is taken, and it says so. Behind it, a connection that stands goes on.
    await waitFor('what becomes of it', async () => {
      const keeps = /not followed/.test(agent.log().slice(before));
      return keeps || (years < 0 && (await answer()) === next);
    });
    // As an operator would try: it comes up, and keeps what it accepted.
    await again();
    const held = await waitFor('an answer', answer);
    assert.ok(held === old || (years < 0 && held === next), held);
    if (years > 0) assert.equal(await pid(), running, 'the service was not touched');
    await leap(0);
    version += 1;
    // By itself it asks its parent again within 5 min, as one that gave something wrong; started anew at once.
    await again();
    await arrived(`${version}.0.0`);
    assert.equal(await answer(), `${version}.0.0`);
  }
  const random = randomFrom(1);
  const leaps = async (): Promise<void> => {
    for (let times = 0; times < 20; times += 1) {
      await leap(random(20 * 365 * 86_400) - 10 * 365 * 86_400);
      await delay(random(150));
    }
    await leap(0);
  };
  version += 1;
  await Promise.all([leaps(), publish(`${version}.0.0`)]);
  await again();
  await arrived(`${version}.0.0`);
  const after = await pid();
  await leaps();
  assert.equal(await pid(), after, 'the service was not touched');
  assert.equal(await answer(), `${version}.0.0`);
});
