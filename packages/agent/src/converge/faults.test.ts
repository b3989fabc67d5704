import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort, removeLater, tempFolder } from '@xylem/testkit';
import { stopServices } from '../supervisor/stop-services.ts';
import { convergeOnce } from '../testing/converge-once.ts';
import { httpService, type TestPackage, testPackage, writeTree } from '../testing/packages.ts';

/** A state folder and a way to want packages there. */
async function bench(context: TestContext) {
  const folder = await tempFolder(context);
  const state = join(folder, 'state');
  await mkdir(state);
  removeLater(context, async () => {
    await stopServices({ stateFolder: state, clock: systemClock, log: silentLog });
  });
  const fixtures = join(folder, 'fixtures');
  const lead = async (packages: readonly TestPackage[], more: object = {}) => {
    for (const { files, tree } of packages) await writeTree(join(fixtures, tree), files);
    const path = join(folder, 'wanted.json');
    const components = packages.map(({ files: _files, ...placed }) => placed);
    const wanted = {
      snapshot: 1,
      number: 1,
      components,
      held: [],
      purge: [],
      keepPrevious: 1,
      fixtures,
      ...more,
    };
    await writeFile(path, JSON.stringify(wanted));
    return await convergeOnce(state, path, silentLog);
  };
  return { state, fixtures, lead };
}

test('a kept tree that was changed is not returned to as it is: it is fetched again', async (context) => {
  const { state, lead } = await bench(context);
  const v1 = testPackage({ component: 'web', version: '1.0.0', files: { a: 'one', b: 'same' } });
  const v2 = testPackage({ component: 'web', version: '2.0.0', files: { a: 'two', b: 'same' } });
  await lead([v1]);
  await lead([v2]);
  const kept = join(state, 'components/web/trees', v1.tree, 'a');
  await writeFile(kept, 'ONE');
  const first = await lead([v1]);
  assert.equal(first.waiting.get('web')?.code, 'E_OBJECT_DIGEST');
  assert.equal(await readlink(join(state, 'components/web/current')), `trees/${v2.tree}`);
  await lead([v1]);
  assert.equal(await readFile(join(state, 'components/web/current/a'), 'utf8'), 'one');
});

test('a port that another program has is said, and the service starts when it is free', async (context) => {
  const { lead } = await bench(context);
  const port = await freePort();
  const other = createServer().listen(port, '127.0.0.1');
  const api = { ...httpService({ component: 'api', version: '1.0.0', port }) };
  const document = { ...api.document, ports: [port] };
  const blocked = await lead([{ ...api, document }]);
  assert.equal(blocked.waiting.get('api')?.code, 'E_PORT_IN_USE');
  await new Promise((resolve) => other.close(resolve));
  const free = await lead([{ ...api, document }]);
  assert.equal(free.slots.get('api')?.running?.alive, true);
});

test('a service without a health check must live for a moment; one that ends is refused', async (context) => {
  const { lead } = await bench(context);
  const service = (version: string, script: string) =>
    testPackage({
      component: 'job',
      version,
      kind: 'service',
      files: { 'main.cjs': script },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
      service: { command: ['${node}', 'main.cjs'] },
    });
  const good = service('1.0.0', 'setInterval(() => undefined, 1000)');
  const bad = service('2.0.0', 'process.exit(3)');
  assert.equal((await lead([good])).waiting.size, 0);
  const result = await lead([bad]);
  assert.equal(result.waiting.get('job')?.code, 'E_SERVICE_START');
  assert.match(result.waiting.get('job')?.message ?? '', /exit code 3/);
  assert.equal(result.slots.get('job')?.record?.installed?.version, '1.0.0');
  assert.equal(result.slots.get('job')?.running?.alive, true);
});

test('a lost or damaged slot record costs nothing that runs', async (context) => {
  const { state, lead } = await bench(context);
  const port = await freePort();
  const api = httpService({ component: 'api', version: '1.0.0', port });
  const before = (await lead([api])).slots.get('api');
  const record = join(state, 'components/api/slot.json');
  await appendFile(record, 'garbage');
  const after = (await lead([api])).slots.get('api');
  assert.equal(after?.running?.instance, before?.running?.instance);
  assert.equal(after?.record?.installed?.version, '1.0.0');
  await rm(record);
  const again = (await lead([api])).slots.get('api');
  assert.equal(again?.running?.instance, before?.running?.instance);
});

test('a program that is not there is refused before anything is stopped', async (context) => {
  const { lead } = await bench(context);
  const port = await freePort();
  const good = httpService({ component: 'api', version: '1.0.0', port });
  const before = (await lead([good])).slots.get('api');
  const bad = testPackage({
    component: 'api',
    version: '2.0.0',
    kind: 'service',
    files: { 'main.cjs': '' },
    service: { command: ['bin/not-there'] },
  });
  const result = await lead([bad]);
  assert.equal(result.waiting.get('api')?.code, 'E_SERVICE_START');
  assert.equal(result.slots.get('api')?.running?.instance, before?.running?.instance, 'it was never stopped');
});
