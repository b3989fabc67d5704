/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { HostDetail, HostsMoved, Move, MoveDetail, Secrets } from '@xylem/root/contract';
import { program, removeLater, startNode, tempFolder, waitUntil, xylemEntry } from '@xylem/testkit';
import { canariesBelow, canariesOf } from './testing/canaries.ts';

const canary = 'CANARY-value-of-acme-5c0e91d7';
const canaries = { value: canary };

const yamlOf = (name: string, more = ''): string => `environment: ${name}
products:
  shop:
    components:
      api: { where: all }
      pages: { where: all }
${more}`;
const service = `product: shop
component: api
version: 1.0.0
kind: service
folder: api
service:
  command: ['\${node}', server.cjs, '\${data}']
  environment: { DATABASE: '\${config.password}' }
configDefaults: { password: none }
`;
const server = `require('node:fs').writeFileSync(process.argv[2] + '/seen.txt', 'of ' + process.env.DATABASE.length);
setInterval(() => undefined, 1000);\n`;

for (const keepData of [false, true]) {
  test(`hosts go to another tenant, and nothing that was sealed does (${keepData ? 'with' : 'without'} data)`, {
    timeout: 180_000,
  }, async (t) => {
    const folder = await tempFolder(t, 'tenants');
    const outside = await tempFolder(t, 'outside');
    const at = (...names: string[]): string => join(folder, ...names);
    writeFileSync(join(outside, 'word'), 'a passphrase\n', { mode: 0o600 });
    process.env.XYLEM_PASSPHRASE_FILE = join(outside, 'word');
    const requests = join(outside, 'requests');
    writeFileSync(requests, '');
    process.env.XYLEM_TEST_REQUESTS = requests;
    const xylem = program({ entry: xylemEntry, home: join(outside, 'home'), logs: join(outside, 'logs') });
    removeLater(t, async () => {
      await xylem.stop();
      await xylem.endServices(at('web'));
    });
    const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
    const until = <T>(what: string, condition: () => T | Promise<T>) => waitUntil(condition, 40_000, what);
    const shown = () => json<HostDetail>('host show web');

    const { operatorToken } = await json<{ operatorToken: string }>(
      `root init --state ${join(outside, 'root')} --tenant acme`,
    );
    const recorder = pathToFileURL(join(import.meta.dirname, 'testing', 'record-requests.ts')).href;
    const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
    const words = ['root', 'run', '--state', join(outside, 'root'), ...listen];
    const { apiUrl } = (await xylem.start('root', words, ['--import', recorder])) as { apiUrl: string };
    await json(`login ${apiUrl} --token ${operatorToken}`);
    for (const name of ['acme/production', 'globex/production']) {
      const file = join(outside, `${name.replace('/', '-')}.yaml`);
      writeFileSync(file, yamlOf(name));
      await json(`env create ${name} --file ${file}`);
    }
    const made = (name: string): string => join(outside, 'made', name);
    mkdirSync(join(made('api'), 'api'), { recursive: true });
    writeFileSync(join(made('api'), 'api', 'server.cjs'), server);
    writeFileSync(join(made('api'), 'xylem.yaml'), service);
    mkdirSync(join(made('pages'), 'tree'), { recursive: true });
    writeFileSync(join(made('pages'), 'tree', 'page.html'), 'one');
    writeFileSync(
      join(made('pages'), 'xylem.yaml'),
      'product: shop\ncomponent: pages\nversion: 1.0.0\nfolder: tree\n',
    );
    for (const name of ['api', 'pages']) await json(`package publish ${made(name)}`);
    await json('release create shop@1.0.0 --with api@1.0.0 --with pages@1.0.0');
    await startNode(xylem, {
      name: 'web',
      environment: 'acme/production',
      state: at('web'),
      tokenWords: ['--label', 'role=acme'],
    });
    await until('it reports', async () => (await shown()).lastReport !== null);
    const set = spawn(
      process.execPath,
      [xylemEntry, 'secret', 'set', 'acme/production', 'api', 'password', '--yes'],
      { env: { ...process.env, XYLEM_HOME: join(outside, 'home') }, stdio: ['pipe', 'ignore', 'inherit'] },
    );
    set.stdin.end(`${canary}\n`);
    assert.equal(await new Promise((resolve) => set.once('close', resolve)), 0);
    await json('deploy shop@1.0.0 --to acme/production --watch --yes --timeout 60');
    await json('deploy shop@1.0.0 --to globex/production --yes');
    const pidOf = (): number => {
      const text = readFileSync(at('web', 'supervisor', 'services.json'), 'utf8');
      const { services } = JSON.parse(text) as { services: { process: { pid: number } | null }[] };
      return services[0]?.process?.pid ?? 0;
    };
    const before = pidOf();
    assert.deepEqual(canariesOf(before, canaries), ['environ: value'], 'the search finds what is there');
    const data = at('web', 'components', 'api', 'data');
    writeFileSync(join(data, 'acme.txt'), 'of acme');
    const age = readFileSync(at('web', 'identity', 'secrets.key'), 'utf8');
    const keys = readFileSync(at('web', 'identity', 'data-keys.json'), 'utf8');

    const asked = await json<HostsMoved>(
      `host move web --env globex/production --expires 2d --yes${keepData ? ' --keep-data' : ''}`,
    );
    const id = asked.request?.id ?? '';
    assert.equal((await json<Move>(`move approve ${id} --side gives`)).state, 'open');
    assert.equal((await shown()).environment.name, 'acme/production');
    const recorded = readFileSync(requests, 'utf8').split('\n').length;
    assert.equal((await json<Move>(`move approve ${id} --side takes`)).state, 'approved');
    await until('it has come', async () => {
      const now = await shown();
      return now.environment.name === 'globex/production' && now.movingFrom === null && now.state === 'ok';
    });

    // Gone: from every file, from the old process, from the one that runs now, from agent and supervisor.
    assert.deepEqual(canariesBelow(folder, canaries), []);
    assert.ok(!existsSync(`/proc/${before}`));
    const after = pidOf();
    assert.notEqual(after, before);
    const supervisor = JSON.parse(readFileSync(at('web', 'supervisor', 'lock'), 'utf8')) as { pid: number };
    for (const pid of [after, supervisor.pid, xylem.pidOf('web')])
      assert.deepEqual(canariesOf(pid, canaries), []);
    assert.notEqual(readFileSync(at('web', 'identity', 'secrets.key'), 'utf8'), age);
    assert.ok(!existsSync(at('web', 'identity', 'data-keys.json')) && keys.length > 0);
    assert.equal(existsSync(join(data, 'acme.txt')), keepData);
    assert.equal(readFileSync(join(data, 'seen.txt'), 'utf8'), 'of 4');
    assert.equal(readFileSync(at('web', 'components', 'pages', 'current', 'page.html'), 'utf8'), 'one');
    // Nothing of the packages was fetched again, only what directs it.
    const now = await shown();
    const ids = [now.environment.id, (await json<Secrets>('secret list acme/production')).environment.id];
    const objects = readFileSync(requests, 'utf8')
      .split('\n')
      .slice(recorded - 1)
      .filter((line) => / GET \/o\//.test(line));
    assert.deepEqual(
      objects.filter((line) => !ids.some((one) => line.includes(`/o/${one}/`))),
      [],
    );
    assert.deepEqual(now.labels, {});
    const kept = await json<MoveDetail>(`move show ${id}`);
    assert.deepEqual(kept.hostList[0]?.was?.labels, { role: 'acme' });
    assert.equal((await json<{ total: number }>('host list acme/production')).total, 0);
    // As after retiring: the old tenant changes it at its source.
    assert.deepEqual((await json<Secrets>('secret list acme/production')).removed, ['web']);
  });
}
