import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { componentOf } from '../site.ts';
import { waitFor } from '../wait-for.ts';
import { loopDisk } from './loop-disk.ts';
import { webOnDisk } from './web-on-disk.ts';

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
  const { site, host, stop, publish, answer, says } = await webOnDisk(context, disk.folder);
  const isWell = (version: string) => (report: Parameters<typeof componentOf>[0]) =>
    componentOf(report, 'api')?.version === version && componentOf(report, 'api')?.healthy === true;
  await publish('1.0.0');
  const first = await site.agent(host);
  await says('version 1', isWell('1.0.0'));

  await fill();
  await publish('2.0.0');
  const report = await says('what keeps it', (latest) =>
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
  await says('version 2', (latest) => isWell('2.0.0')(latest) && latest.waiting.length === 0);
  assert.equal(await answer(), '2.0.0');
});
