import assert from 'node:assert/strict';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort, removeLater } from '@xylem/testkit';
import { stopServices } from '../../supervisor/stop-services.ts';
import { componentOf, reported, Site, webService } from '../site.ts';
import { waitFor } from '../wait-for.ts';
import { loopDisk } from './loop-disk.ts';

test('a file system that can hold no further file: the old version goes on, and comes up again; it is said; with room the next one follows', async (context) => {
  const disk = await loopDisk(context, { files: 600 });
  if ('skip' in disk) return context.skip(disk.skip);
  const fillers = join(disk.folder, 'fillers');
  await mkdir(fillers);
  let count = 0;
  const fill = async (): Promise<void> => {
    for (;;) {
      count += 1;
      try {
        await writeFile(join(fillers, String(count)), '');
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        return;
      }
    }
  };
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
  const answer = async (): Promise<string | null> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => null,
    );
  const isWell = (version: string) => (report: Parameters<typeof componentOf>[0]) =>
    componentOf(report, 'api')?.version === version && componentOf(report, 'api')?.healthy === true;
  await publish('1.0.0');
  const first = await site.agent(host);
  await reported(front, host, 'version 1', isWell('1.0.0'));

  await fill();
  await publish('2.0.0');
  const report = await reported(front, host, 'what keeps it', (latest) =>
    latest.waiting.some(({ code }) => code === 'E_DISK_FULL'),
  );
  context.diagnostic(JSON.stringify(report.waiting));
  assert.equal(componentOf(report, 'api')?.version, '1.0.0');
  assert.equal(await answer(), '1.0.0');

  // As after a reboot: nothing runs, and no file can be made.
  await first.stop();
  assert.equal(await stop(), 1);
  await fill();
  await site.agent(host);
  await waitFor('the service after a restart', async () => (await answer()) === '1.0.0', 30_000);

  await rm(fillers, { recursive: true });
  await reported(
    front,
    host,
    'version 2',
    (latest) => isWell('2.0.0')(latest) && latest.waiting.length === 0,
  );
  assert.equal(await answer(), '2.0.0');
});
