import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { HostDetail, HostsMoved } from '@xylem/root/contract';
import { program, waitUntil, xylemEntry } from '@xylem/testkit';

const yaml = (name: string): string =>
  `environment: ${name}\nproducts:\n  shop:\n    components:\n      pages: { where: role = web }\n`;

test('a running host goes to another environment of its tenant, and nothing is installed again', {
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-move-'));
  const at = (name: string): string => join(folder, name);
  const recorder = pathToFileURL(join(import.meta.dirname, 'testing', 'record-requests.ts')).href;
  const requests = at('requests');
  writeFileSync(requests, '');
  process.env.XYLEM_TEST_REQUESTS = requests;
  const xylem = program({
    entry: xylemEntry,
    home: at('home'),
    logs: at('logs'),
  });
  t.after(async () => {
    await xylem.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
  const shown = () => json<HostDetail>('host show web');
  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme`,
  );
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const ready = await xylem.start(
    'root',
    ['root', 'run', '--state', at('root'), ...listen],
    ['--import', recorder],
  );
  const { apiUrl, nodesUrl } = ready as { apiUrl: string; nodesUrl: string };
  await json(`login ${apiUrl} --token ${operatorToken}`);
  for (const name of ['acme/production', 'acme/staging', 'other/production']) {
    const file = at(`${name.replace('/', '-')}.yaml`);
    writeFileSync(file, yaml(name));
    await json(`env create ${name} --file ${file}`);
  }
  mkdirSync(at('tree'), { recursive: true });
  writeFileSync(join(at('tree'), 'page.html'), 'one');
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: pages\nversion: 1.0.0\nfolder: tree\n');
  await json(`package publish ${folder}`);
  await json('release create shop@1.0.0 --with pages@1.0.0');
  const { token } = await json<{ token: string }>('token create --env acme/production --label role=web');
  await json(`join ${nodesUrl} --token ${token} --name web --state ${at('web')}`);
  await xylem.start('web', ['agent', 'run', '--state', at('web')]);
  await json('deploy shop@1.0.0 --to acme/production --watch --yes --timeout 60');
  await json('deploy shop@1.0.0 --to acme/staging --yes');
  const before = await shown();
  const page = join(at('web'), 'components', 'pages', 'current', 'page.html');
  assert.equal(readFileSync(page, 'utf8'), 'one');
  const incarnationOf = (): string =>
    (JSON.parse(readFileSync(join(at('web'), 'reports', 'state.json'), 'utf8')) as { incarnation: string })
      .incarnation;
  const incarnation = incarnationOf();

  const asking = await json<HostsMoved>('host move web --env other/production --yes');
  assert.deepEqual([asking.asks, (await shown()).environment.name], [true, 'acme/production']);
  await json(`move cancel ${asking.request?.id}`);
  const asked = readFileSync(requests, 'utf8').split('\n').length;
  await json('host move web --env acme/staging --yes');
  await waitUntil(async () => {
    const now = await shown();
    return now.environment.name === 'acme/staging' && now.movingFrom === null && now.state === 'ok';
  });
  const after = await shown();
  assert.equal(after.id, before.id);
  assert.equal(after.components[0]?.since, before.components[0]?.since);
  assert.equal(incarnationOf(), incarnation);
  assert.equal(readFileSync(page, 'utf8'), 'one');
  const objects = readFileSync(requests, 'utf8')
    .split('\n')
    .slice(asked)
    .filter((line) => / GET \/o\//.test(line));
  // The host map of the new environment (and the path in the old one that sent it there), nothing of the product.
  const ids = [before.environment.id, after.environment.id];
  assert.ok(
    objects.every((line) => ids.some((id) => line.includes(`/o/${id}/`))),
    objects.join('\n'),
  );
  // It follows the new environment, and the old one knows it no more.
  writeFileSync(join(at('tree'), 'page.html'), 'two');
  writeFileSync(at('xylem.yaml'), 'product: shop\ncomponent: pages\nversion: 2.0.0\nfolder: tree\n');
  await json(`package publish ${folder}`);
  await json('release create shop@2.0.0 --with pages@2.0.0');
  await json('deploy shop@2.0.0 --to acme/staging --watch --yes --timeout 60');
  assert.equal(readFileSync(page, 'utf8'), 'two');
  const left = await json<{ total: number }>('host list acme/production');
  assert.equal(left.total, 0);
});
