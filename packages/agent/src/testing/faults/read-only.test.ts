import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort, removeLater } from '@xylem/testkit';
import { stopServices } from '../../supervisor/stop-services.ts';
import { componentOf, reported, Site, webService } from '../site.ts';
import { agentProcess } from './agent-process.ts';
import { loopDisk } from './loop-disk.ts';

test('a file system that became read-only under a host, as after an error of its disk: what runs goes on, it is reported, and mended the host follows', async (context) => {
  const disk = await loopDisk(context);
  if ('skip' in disk) return context.skip(disk.skip);
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const joined = await site.host([front.url]);
  const stateFolder = join(disk.folder, 'state');
  await cp(joined.stateFolder, stateFolder, { recursive: true });
  const host = { ...joined, stateFolder };
  const stop = () => stopServices({ stateFolder, clock: systemClock, log: silentLog });
  removeLater(context, async () => void (await stop()));
  const publish = async (version: string): Promise<void> => {
    const { files, document } = webService(version, port);
    const api = await site.publish('api', version, files, document);
    await site.assign([{ release: await site.vendor.release(version, [api]), package: api }]);
  };
  const answer = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  await publish('1.0.0');
  const first = agentProcess(context, stateFolder);
  await reported(front, host, 'version 1', (report) => componentOf(report, 'api')?.healthy === true);

  disk.abort();
  await publish('2.0.0');
  const report = await reported(front, host, 'what keeps it', (latest) =>
    latest.waiting.some(({ code }) => code === 'E_PERMISSION' || code === 'E_STORAGE'),
  );
  context.diagnostic(JSON.stringify(report.waiting));
  assert.equal(componentOf(report, 'api')?.version, '1.0.0');
  assert.match(report.waiting[0]?.message ?? '', /read-only/i);
  assert.equal(await answer(), '1.0.0');
  // The service's end is seen by its supervisor, whose disk is the same one.
  assert.equal(componentOf(report, 'api')?.state, 'running');

  await first.end();
  await stop();
  disk.repair();
  agentProcess(context, stateFolder);
  await reported(front, host, 'version 2', (latest) => {
    const api = componentOf(latest, 'api');
    return api?.version === '2.0.0' && api.healthy === true && latest.waiting.length === 0;
  });
  assert.equal(await answer(), '2.0.0');
});
