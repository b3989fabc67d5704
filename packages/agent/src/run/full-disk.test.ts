import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { cp, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort, removeLater, tempFolder } from '@xylem/testkit';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** A real file system of so many MiB, or why there is none. */
async function smallDisk(context: TestContext, mib: number): Promise<string | { skip: string }> {
  const folder = await tempFolder(context);
  const image = join(folder, 'disk.img');
  const mount = join(folder, 'mount');
  await mkdir(mount);
  try {
    const file = await open(image, 'w');
    await file.truncate(mib * 1024 * 1024);
    await file.close();
    execFileSync('mkfs.ext4', ['-q', '-m', '0', '-b', '1024', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, mount], { stdio: 'pipe' });
  } catch (error) {
    return {
      skip: `no loop device with ext4 here: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  removeLater(context, () => {
    execFileSync('umount', ['-l', mount], { stdio: 'pipe' });
  });
  return mount;
}

test('a full disk leaves the old version running, says so, and the next release goes on when there is room', async (context) => {
  const disk = await smallDisk(context, 64);
  if (typeof disk !== 'string') {
    context.skip(disk.skip);
    return;
  }
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const [one, two] = [webService('1.0.0', port), webService('2.0.0', port)];
  const v1 = await site.publish('api', '1.0.0', one.files, one.document);
  const v2 = await site.publish(
    'api',
    '2.0.0',
    { ...two.files, 'large.bin': { noiseBytes: 24 * 1024 * 1024 } },
    two.document,
  );
  const first = await site.vendor.release('1.0.0', [v1]);
  const second = await site.vendor.release('2.0.0', [v2]);
  const joined = await site.host([front.url]);
  const stateFolder = join(disk, 'state');
  await cp(joined.stateFolder, stateFolder, { recursive: true });
  const host = { ...joined, stateFolder };
  const { stopServices } = await import('../supervisor/stop-services.ts');
  const { silentLog, systemClock } = await import('@xylem/platform');
  removeLater(context, async () => {
    await stopServices({ stateFolder, clock: systemClock, log: silentLog });
  });
  await site.assign([{ release: first, package: v1 }]);
  const agent = await site.agent(host);
  await reported(front, host, 'version 1', (report) => componentOf(report, 'api')?.healthy === true);

  const hog = join(disk, 'hog');
  const fill = async (leaveBytes: number): Promise<void> => {
    const file = await open(hog, 'w');
    const block = Buffer.alloc(256 * 1024, 1);
    try {
      for (;;) {
        const { bavail, bsize } = statfsSync(disk);
        if (bavail * bsize <= leaveBytes) break;
        await file.write(
          block.subarray(0, Math.min(block.length, Math.max(1024, bavail * bsize - leaveBytes))),
        );
      }
      await file.sync();
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    } finally {
      await file.close();
    }
  };
  await fill(0);
  await site.assign([{ release: second, package: v2 }]);
  const report = await reported(front, host, 'the full disk', (latest) =>
    latest.waiting.some(({ code }) => code === 'E_DISK_FULL'),
  );
  assert.equal(componentOf(report, 'api')?.version, '1.0.0');
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '1.0.0');

  // As after a reboot: nothing runs, and there is no byte to write.
  await agent.stop();
  assert.equal(await stopServices({ stateFolder, clock: systemClock, log: silentLog }), 1);
  await fill(0);
  await site.agent(host);
  await waitFor('the service after a restart', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
    return (await answer?.text()) === '1.0.0';
  });

  await rm(hog);
  await reported(front, host, 'version 2', (latest) => {
    const api = componentOf(latest, 'api');
    return api?.version === '2.0.0' && api.healthy === true && latest.waiting.length === 0;
  });
  assert.equal(
    await readFile(join(stateFolder, 'components/api/current/main.cjs'), 'utf8').then((text) =>
      text.includes('2.0.0'),
    ),
    true,
  );
});
