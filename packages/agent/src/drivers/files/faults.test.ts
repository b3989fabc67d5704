import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fullDisk, nginxServer } from '@xylem/testkit';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { testPackage } from '../../testing/packages.ts';
import { placingPackage } from '../../testing/placing.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';

test('a disk that is full where files go is met before one of them moved', async (context) => {
  const disk = await fullDisk(context, 4 * 2 ** 20);
  if ('skip' in disk) return context.skip(disk.skip);
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const outside = join(disk.folder, 'etc');
  const one = await bench.wanted([placingPackage({ version: '1.0.0', outside })]);
  const two = await bench.wanted([placingPackage({ version: '2.0.0', outside })]);
  await converge(state, one);
  await disk.fill();
  const result = await converge(state, two);
  assert.equal(result.waiting.get('thing')?.code, 'E_DISK_FULL');
  assert.match(await readFile(join(outside, 'main.conf'), 'utf8'), /^version 1\.0\.0/);
  assert.equal(await readFile(join(outside, 'sub', 'plain.conf'), 'utf8'), 'plain 1.0.0\n');
  assert.deepEqual((await readdir(outside)).sort(), ['main.conf', 'reloads', 'sub'], 'nothing is left over');
  await disk.free();
  await converge(state, two);
  assert.match(await readFile(join(outside, 'main.conf'), 'utf8'), /^version 2\.0\.0/);
});

test("a configuration that nginx refuses is refused in nginx's words, and the former one stays", async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  // Only to have Debian's nginx on this machine.
  const nginx = await nginxServer(context, bench.folder);
  if ('skip' in nginx) return context.skip(nginx.skip);
  const state = await bench.state(context);
  const to = join(bench.folder, 'nginx.conf');
  const version = (number: string, directive: string) =>
    testPackage({
      component: 'web',
      version: number,
      files: {
        'nginx.conf.tmpl': `pid ${bench.folder}/pid; error_log stderr;\nevents { {{ config.directive }} 64; }\n`,
      },
      config: { directive },
      install: {
        install: [{ from: 'nginx.conf.tmpl', to, template: true }],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
        validate: { command: ['/usr/sbin/nginx', '-t', '-e', 'stderr', '-c', '${rendered}/nginx.conf'] },
      },
    });
  await converge(state, await bench.wanted([version('1.0.0', 'worker_connections')]));
  const good = await readFile(to, 'utf8');
  assert.match(good, /worker_connections 64/);
  const result = await converge(state, await bench.wanted([version('2.0.0', 'worker_conections')]));
  const refused = result.slots.get('web')?.record?.refused;
  assert.equal(refused?.code, 'E_HOOK_FAILED');
  assert.match(refused?.message ?? '', /unknown directive "worker_conections" in .*nginx\.conf:2/);
  assert.equal(await readFile(to, 'utf8'), good);
});
