// A disk that fails at every call, in a process whose disk can: node disk-main.ts MOST SEED (see disk.test.ts).
import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { faultyDisk, freePort } from '@xylem/testkit';
import { Bench } from '../crash-sweep.ts';
import { httpService } from '../packages.ts';
import { placingPackage } from '../placing.ts';
import { temporaryFolder } from '../state-folder.ts';
import { type DiskFault, diskSweep } from './disk-sweep.ts';

const [most, seed] = process.argv.slice(2).map(Number);
const extent = { most: most ?? 20, seed: seed ?? 1 };

const faults: Record<string, DiskFault> = {
  'no room for a byte': { calls: ['w'], error: 'ENOSPC', code: 'E_DISK_FULL' },
  'no room for a file': { calls: ['c'], error: 'ENOSPC', code: 'E_DISK_FULL' },
  'one sync that fails': { calls: ['s'], error: 'EIO', once: true, code: 'E_STORAGE' },
  'every sync fails': { calls: ['s'], error: 'EIO', code: 'E_STORAGE' },
  'read-only': { calls: ['w', 'c', 's'], error: 'EROFS', code: 'E_PERMISSION' },
};

async function contents(folder: string): Promise<unknown> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => entry.isFile() && entry.name !== 'reloads');
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return await Promise.all(
    paths.map(async (path) => [path, (await stat(path)).mode, await readFile(path, 'utf8')]),
  );
}

for (const [name, fault] of Object.entries(faults)) {
  test(`placed files: ${name}, from any call on`, async (context) => {
    const folder = await temporaryFolder(context);
    const bench = new Bench(folder);
    const disk = await faultyDisk(context, folder);
    const outside = join(folder, 'outside');
    const [one, two, none] = [
      await bench.wanted([placingPackage({ version: '1.0.0', outside })]),
      await bench.wanted([placingPackage({ version: '2.0.0', outside })]),
      await bench.wanted([], { purge: ['thing'] }),
    ];
    const common = { component: 'thing', outside: () => contents(outside) };
    const scenarios = [
      { ...common, name: 'first', before: [], wanted: one },
      { ...common, name: 'update', before: [one], wanted: two },
      { ...common, name: 'removal', before: [one], wanted: none },
    ];
    const failedIn = new Set<string>();
    for (const scenario of scenarios) {
      const swept = await diskSweep(context, bench, disk, scenario, fault, extent);
      for (const step of swept.failedIn) failedIn.add(step);
      context.diagnostic(`${name}, ${scenario.name}: ${swept.tried} of ${swept.points} points`);
    }
    context.diagnostic(`${name} failed in ${[...failedIn].join(', ')}`);
    assert.ok(failedIn.size > 0, 'no step ever failed');
  });

  test(`service: ${name}, from any call on`, async (context) => {
    const folder = await temporaryFolder(context);
    const bench = new Bench(folder);
    const disk = await faultyDisk(context, folder);
    const port = await freePort();
    const [one, two] = [
      await bench.wanted([httpService({ component: 'api', version: '1.0.0', port })]),
      await bench.wanted([httpService({ component: 'api', version: '2.0.0', port })]),
    ];
    const few = { ...extent, most: Math.ceil(extent.most / 6) };
    const scenario = { name: 'update', component: 'api', before: [one], wanted: two };
    const { tried, points } = await diskSweep(context, bench, disk, scenario, fault, few);
    context.diagnostic(`${name}, service: ${tried} of ${points} points`);
  });
}
