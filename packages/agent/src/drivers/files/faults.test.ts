import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, fullDisk, installDebian, startProcess, waitUntil } from '@xylem/testkit';
import { answerAt } from '../../testing/blue-green.ts';
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

test('a live nginx takes each configuration that it accepts, and serves on under one that it refuses', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const missing = await installDebian('nginx-light');
  if (missing !== null) return context.skip(missing.skip);
  const state = await bench.state(context);
  const at = (name: string): string => join(bench.folder, name);
  const to = at('nginx.conf');
  const port = await freePort();
  const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${at(name)};`,
  );
  const configuration = (directive: string, answer: string): string => `daemon off; pid ${at('pid')};
events { ${directive} 64; }
http { access_log off; ${kept.join(' ')}
  server { listen 127.0.0.1:${port}; return 200 "${answer}"; } }
`;
  const nginx = (...more: string[]): string[] => ['/usr/sbin/nginx', '-e', at('error.log'), ...more];
  const version = (number: string, directive: string) =>
    testPackage({
      component: 'web',
      version: number,
      files: { 'nginx.conf.tmpl': configuration('{{ config.directive }}', number) },
      config: { directive },
      install: {
        install: [{ from: 'nginx.conf.tmpl', to, template: true }],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
        validate: { command: nginx('-t', '-c', '${rendered}/nginx.conf') },
        reload: { command: nginx('-s', 'reload', '-c', to) },
      },
    });
  // What runs on this host was there before.
  await writeFile(to, configuration('worker_connections', 'by hand'));
  const [command = '', ...args] = nginx('-c', to);
  const live = await startProcess({ context, command, args });
  const answers = (text: string) =>
    waitUntil(async () => (await answerAt(port)) === text, 20_000, `nginx to answer ${text}`);
  await answers('by hand');
  assert.ok((await converge(state, await bench.wanted([version('1.0.0', 'worker_connections')]))).rested);
  await answers('1.0.0');
  const good = await readFile(to, 'utf8');
  const result = await converge(state, await bench.wanted([version('2.0.0', 'worker_conections')]));
  const refused = result.slots.get('web')?.record?.refused;
  assert.equal(refused?.code, 'E_HOOK_FAILED');
  assert.match(refused?.message ?? '', /unknown directive "worker_conections" in .*nginx\.conf:2/);
  assert.equal(await readFile(to, 'utf8'), good);
  // For a moment after a reload nginx's workers of before answer too.
  await answers('1.0.0');
  assert.ok((await converge(state, await bench.wanted([version('3.0.0', 'worker_connections')]))).rested);
  await answers('3.0.0');
  await live.kill('SIGTERM');
});
