import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import type { PackageDocument, Report } from '@xylem/core';
import { freePort } from '@xylem/testkit';
import type { JoinedHost, RootFront } from '@xylem/testkit/builders';
import { componentOf, reported, Site, webService } from '../site.ts';
import { waitFor } from '../wait-for.ts';

interface Host {
  readonly site: Site;
  readonly front: RootFront;
  readonly host: JoinedHost;
  readonly port: number;
  /** Directs to a version whose service is this script, and waits for a report that fits. */
  to(
    version: string,
    script: string,
    more: Partial<PackageDocument['service']> & { health?: object },
    fits: (report: Report) => boolean,
  ): Promise<Report>;
  answer(): Promise<string | null>;
}

/** A host on version 1.0.0 of a service that is well. */
async function onFirst(context: TestContext): Promise<Host> {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const host = await site.host([front.url]);
  const good = webService('1.0.0', port);
  const give = async (version: string, script: string, { health, ...more }: Parameters<Host['to']>[2]) => {
    const document = {
      ...good.document,
      ...(more.limits === undefined ? {} : { format: 'xylem-package-2', needs: ['service-terms'] }),
      service: { ...good.document.service, ...more },
      health: { ...good.document.health, ...health },
    } as Partial<PackageDocument>;
    const api = await site.publish('api', version, { 'main.cjs': script }, document);
    const release = await site.vendor.release(version, [api]);
    await site.assign([{ release, package: api }]);
  };
  const to: Host['to'] = async (version, script, more, fits) => {
    await give(version, script, more);
    return await reported(front, host, version, fits);
  };
  await give('1.0.0', good.files['main.cjs'], {});
  await site.agent(host);
  await reported(front, host, 'version 1', isAt('1.0.0'));
  const answer = (): Promise<string | null> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => null,
    );
  return { site, front, host, port, to, answer };
}

const isAt = (version: string) => (report: Report) => {
  const api = componentOf(report, 'api');
  return api?.version === version && api.healthy === true && report.waiting.length === 0;
};
const refuses = (code: string) => (report: Report) => {
  const api = componentOf(report, 'api');
  return api?.version === '1.0.0' && api.healthy === true && api.refused?.code === code;
};
const answers = (version: string, before = '') =>
  `${before}\nrequire('node:http').createServer((q, a) => a.end('${version}')).listen(Number(process.argv[2]), '127.0.0.1');`;

suite('services that misbehave', { concurrency: 2 }, () => {
  test('one that ends again and again on its trial: refused with its step, its exit and its last words, and the former answers', async (context) => {
    const { to, answer } = await onFirst(context);
    const script = `console.error('no licence found'); process.exit(7);`;
    const report = await to('2.0.0', script, {}, refuses('E_SERVICE_START'));
    const refused = componentOf(report, 'api')?.refused;
    assert.equal(refused?.step, 'probe');
    assert.match(refused?.message ?? '', /exit code 7/);
    assert.match(refused?.message ?? '', /no licence found/);
    assert.equal(await answer(), '1.0.0');
  });

  test('a health check that hangs: refused within its time, and the former answers', async (context) => {
    const { to, answer } = await onFirst(context);
    const script = `require('node:http').createServer(() => undefined).listen(Number(process.argv[2]), '127.0.0.1');`;
    const health = { startTimeoutMs: 1_500, timeoutMs: 300 };
    const report = await to('2.0.0', script, { health }, refuses('E_HEALTH_FAILED'));
    assert.equal(componentOf(report, 'api')?.refused?.step, 'probe');
    assert.equal(await answer(), '1.0.0');
  });

  test('one that binds late is waited for', async (context) => {
    const { to, answer } = await onFirst(context);
    await to('2.0.0', `setTimeout(() => {${answers('2.0.0')}}, 1500);`, {}, isAt('2.0.0'));
    assert.equal(await answer(), '2.0.0');
  });

  test('one that forks and ignores SIGTERM is replaced with all that it left', async (context) => {
    const { to, answer, host, port } = await onFirst(context);
    const pids = join(host.stateFolder, 'components', 'api', 'data', 'pids');
    // Its child goes away into a session of its own, as a daemon does.
    const script = answers(
      '2.0.0',
      `const { spawn } = require('node:child_process');
       process.on('SIGTERM', () => undefined);
       const child = spawn('sh', ['-c', 'trap "" TERM; while :; do sleep 1; done'], { detached: true, stdio: 'ignore' });
       require('node:fs').writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + child.pid);`,
    );
    await to('2.0.0', script, { stopTimeoutMs: 500 }, isAt('2.0.0'));
    const own = (await readFile(pids, 'utf8')).split(' ');
    await to('3.0.0', webService('3.0.0', port).files['main.cjs'], {}, isAt('3.0.0'));
    assert.equal(await answer(), '3.0.0');
    for (const pid of own) {
      const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => 'gone');
      assert.match(state, /^gone$|\) Z /, `${pid} is left`);
    }
  });

  test('one that leaves its place to a child of its own and ends is found out', async (context) => {
    const { to, answer } = await onFirst(context);
    const script = `const { spawn } = require('node:child_process');
      if (process.argv[3] !== 'child') {
        spawn(process.execPath, [__filename, process.argv[2], 'child'], { detached: true, stdio: 'ignore' }).unref();
        setTimeout(() => process.exit(0), 300);
      } else { ${answers('2.0.0')} }`;
    const health = { startTimeoutMs: 3_000, successes: 20 };
    const report = await to('2.0.0', script, { health }, refuses('E_SERVICE_START'));
    assert.match(componentOf(report, 'api')?.refused?.message ?? '', /ended by itself/);
    assert.equal(await answer(), '1.0.0');
  });

  test('one that is killed for want of memory is started again, and the report says why it ended', async (context) => {
    const { to, front, host, answer } = await onFirst(context);
    const script = answers(
      '2.0.0',
      `const { existsSync, rmSync } = require('node:fs');
       const eat = process.cwd() + '/../../data/eat';
       setInterval(() => { if (!existsSync(eat)) return; rmSync(eat); const all = []; for (;;) all.push(Buffer.alloc(4 << 20, 1)); }, 50);`,
    );
    const limits = { memoryBytes: 160 * 2 ** 20 };
    const report = await to(
      '2.0.0',
      script,
      { limits },
      (latest) => isAt('2.0.0')(latest) || latest.waiting.length > 0,
    );
    if (!isAt('2.0.0')(report)) return context.skip(`no limits here: ${report.waiting[0]?.message}`);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(host.stateFolder, 'components', 'api', 'data', 'eat'), '');
    const ended = await reported(front, host, 'its end', (latest) =>
      latest.waiting.some(({ code }) => code === 'E_SERVICE_ENDED'),
    );
    const reason = ended.waiting.find(({ code }) => code === 'E_SERVICE_ENDED');
    assert.match(reason?.message ?? '', /memory/);
    assert.equal(componentOf(ended, 'api')?.version, '2.0.0');
    await waitFor('the service again', async () => (await answer()) === '2.0.0', 30_000);
  });
});
