import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Report } from '@xylem/core';
import { freePort } from '@xylem/testkit';
import type { AgentTiming } from '../options.ts';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** A host that runs a component of files and a service, with something in the service's data folder. */
async function settled(context: TestContext, timing: Partial<AgentTiming> = {}) {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const service = webService('1.0.0', port);
  const api = await site.publish('api', '1.0.0', service.files, service.document);
  const web = await site.publish('web', '1.0.0', { 'index.html': 'one', 'deep/same.txt': 'same' });
  const release = await site.vendor.release('1.0.0', [api, web]);
  const host = await site.host([front.url]);
  await site.assign([
    { release, package: api },
    { release, package: web },
  ]);
  const agent = await site.agent(host, {
    timing: {
      pollMs: 100,
      retryMinMs: 50,
      retryMaxMs: 200,
      reportCoalesceMs: 20,
      observeMs: 200,
      driftShare: 1,
      ...timing,
    },
  });
  await reported(front, host, 'the release', (report) => {
    return componentOf(report, 'api')?.healthy === true && componentOf(report, 'web') !== undefined;
  });
  const at = (...names: string[]): string => join(host.stateFolder, 'components', ...names);
  await writeFile(at('api', 'data', 'kept'), 'by the user');
  const said = (component: string, what: RegExp): Promise<Report> =>
    reported(front, host, `the drift of ${component}`, (report) =>
      report.waiting.some(
        (one) => one.component === component && one.code === 'E_DRIFT' && what.test(one.message),
      ),
    );
  const quiet = (): Promise<Report> =>
    reported(front, host, 'a report without drift', (report) => report.waiting.length === 0);
  const answer = async (): Promise<string> =>
    await fetch(`http://127.0.0.1:${port}/`)
      .then((response) => response.text())
      .catch(() => 'nothing');
  const holds = async (component: string, file: string, text: string): Promise<boolean> =>
    (await readFile(at(component, 'current', file), 'utf8').catch(() => null)) === text;
  /** Process id and the like, as the supervisor has it. */
  const instance = async (): Promise<number> => {
    const table = JSON.parse(await readFile(join(host.stateFolder, 'supervisor', 'services.json'), 'utf8'));
    return table.services[0]?.process?.pid ?? 0;
  };
  context.after(async () => {
    assert.equal(await readFile(at('api', 'data', 'kept'), 'utf8').catch(() => 'by the user'), 'by the user');
  });
  return { site, front, host, agent, at, said, quiet, answer, holds, instance };
}

test('an edited file of the same size and time is seen, said, and put back', async (context) => {
  const { at, said, quiet, holds, agent } = await settled(context, { driftMs: 300 });
  // The first look finds it right.
  await waitFor('the first look', () => stat(at('web', 'seen.json')).catch(() => null));
  const file = at('web', 'current', 'index.html');
  const { atime, mtime } = await stat(file);
  await writeFile(file, 'ONE');
  await utimes(file, atime, mtime);
  await said('web', /index\.html has other bytes/);
  await waitFor('the file', () => holds('web', 'index.html', 'one'));
  await quiet();
  await waitFor('rest', () => agent.status().converged);
});

test('a service whose file was edited or removed runs from the tree that was put back', async (context) => {
  const { at, said, quiet, holds, answer, instance } = await settled(context, { driftMs: 300 });
  const before = await instance();
  await writeFile(at('api', 'current', 'main.cjs'), 'process.exit(1)');
  await said('api', /main\.cjs has another size/);
  await waitFor('another process', async () => (await answer()) === '1.0.0' && (await instance()) !== before);
  await quiet();
  const second = await instance();
  await rm(at('api', 'current', 'lib', 'same.txt'));
  await said('api', /lib\/same\.txt is missing/);
  await waitFor('the file', () => holds('api', 'lib/same.txt', 'same in each version\n'));
  await waitFor('another process', async () => (await answer()) === '1.0.0' && (await instance()) !== second);
  assert.equal(await readFile(at('api', 'data', 'kept'), 'utf8'), 'by the user');
});

test('where drift is to be reported alone it is said and stays, over looks, until it is to be put back', async (context) => {
  const { site, at, said, quiet, holds, agent, answer } = await settled(context, { driftMs: 300 });
  await site.direct({ policy: { drift: 'report' } });
  await waitFor('the policy', () => agent.status().direction?.number === site.environment.state.number);
  await writeFile(at('web', 'current', 'index.html'), 'by hand');
  await said('web', /index\.html has another size.*stays so/);
  await rm(at('api', 'current', 'lib', 'same.txt'));
  await said('api', /lib\/same\.txt is missing.*stays so/);
  await rm(at('web', 'current'));
  await said('web', /`current` was removed.*stays so/);
  assert.equal(await readlink(at('web', 'current')).catch(() => 'gone'), 'gone');
  assert.equal(await answer(), '1.0.0', 'what runs goes on');

  await site.direct({ policy: {} });
  await waitFor('the file', () => holds('web', 'index.html', 'one'));
  await waitFor('the other', () => holds('api', 'lib/same.txt', 'same in each version\n'));
  await quiet();
});

test('somebody who puts it right again ends what is said of it', async (context) => {
  const { site, at, said, quiet, agent } = await settled(context, { driftMs: 300 });
  await site.direct({ policy: { drift: 'report' } });
  await waitFor('the policy', () => agent.status().direction?.number === site.environment.state.number);
  const file = at('web', 'current', 'index.html');
  await writeFile(file, 'by hand');
  await said('web', /stays so/);
  await writeFile(file, 'one');
  await quiet();
});

test('a removed switch, a folder in its place, and removed trees are put back, and said', async (context) => {
  const { at, said, quiet, holds, answer, instance } = await settled(context, { driftMs: 3_600_000 });
  await rm(at('web', 'current'));
  await said('web', /`current` was removed/);
  await waitFor('the switch', () => holds('web', 'index.html', 'one'));
  await quiet();

  await rm(at('web', 'current'));
  await mkdir(at('web', 'current'));
  await writeFile(at('web', 'current', 'found'), 'somebody’s');
  await waitFor('the switch', () => holds('web', 'index.html', 'one'));
  const aside = (await readdir(at('web'))).find((name) => name.startsWith('current.found-')) ?? '';
  assert.equal(await readFile(at('web', aside, 'found'), 'utf8'), 'somebody’s');

  const before = await instance();
  // In one moment: half removed it is another thing to say.
  await rename(at('api', 'trees'), at('api', 'gone'));
  await rm(at('api', 'gone'), { recursive: true });
  await said('api', /its tree was removed/);
  await waitFor('the tree', () => holds('api', 'lib/same.txt', 'same in each version\n'));
  await waitFor('another process', async () => (await answer()) === '1.0.0' && (await instance()) !== before);
  await quiet();
});

test('a killed supervisor is replaced at once and takes its services over; a killed service is started again', async (context) => {
  const { host, answer, instance } = await settled(context, { observeMs: 3_600_000, driftMs: 3_600_000 });
  const pidOf = async (): Promise<number> =>
    JSON.parse(await readFile(join(host.stateFolder, 'supervisor', 'lock'), 'utf8')).pid as number;
  const [supervisor, service] = [await pidOf(), await instance()];
  process.kill(supervisor, 'SIGKILL');
  await waitFor('another supervisor', async () => (await pidOf().catch(() => supervisor)) !== supervisor);
  assert.equal(await instance(), service);
  process.kill(service, 'SIGKILL');
  await waitFor(
    'another process',
    async () => (await answer()) === '1.0.0' && (await instance()) !== service,
  );
});
