/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import {
  program,
  removeLater,
  startNode,
  startRoot,
  tempFolder,
  waitUntil,
  xylemEntry,
} from '@xylem/testkit';
import { dataIdentityOf, loadKeyFile } from '@xylem/trust';
import { canariesBelow, canariesIn, canariesOf } from './testing/canaries.ts';

const environment = 'acme/production';
const first = 'CANARY-value-one-b81f3a77c2';
const second = 'CANARY-value-two-0d94e6a15f';
const unfit = 'UNFIT-CANARY-value-three-7e2b';
const passphrase = 'CANARY-passphrase-55d0c1e9b4';

const yaml = `environment: ${environment}
products:
  shop:
    components:
      api: { where: role = web }
`;
const manifest = (version: string): string => `product: shop
component: api
version: ${version}
kind: service
folder: tree
service:
  command: ['\${node}', server.cjs, '\${data}']
  environment: { DATABASE: 'db:\${config.password}' }
configSchema:
  type: object
  properties: { password: { type: string, pattern: '^CANARY' } }
  required: [password]
  additionalProperties: false
`;
/** The only place where plain text may be found: what a service writes itself. It proves that the search finds. */
const server = `require('node:fs').writeFileSync(process.argv[2] + '/seen.txt', process.env.DATABASE);
setInterval(() => undefined, 1000);\n`;

/** Runs the program with text on its standard input. */
function withInput(
  words: readonly string[],
  input: string,
  home: string,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [xylemEntry, ...words], {
    env: { ...process.env, XYLEM_HOME: home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said += text));
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

const until = <T>(what: string, condition: () => T | Promise<T>) => waitUntil(condition, 30_000, what);

const lockPid = (state: string): number =>
  (JSON.parse(readFileSync(join(state, 'supervisor', 'lock'), 'utf8')) as { pid: number }).pid;

function servicePid(state: string): number {
  const text = readFileSync(join(state, 'supervisor', 'services.json'), 'utf8');
  const { services } = JSON.parse(text) as { services: { process: { pid: number } | null }[] };
  return services[0]?.process?.pid ?? 0;
}

function runsWith(state: string, value: string, not = 0): number | false {
  try {
    const pid = servicePid(state);
    return (
      pid !== 0 &&
      pid !== not &&
      readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`DATABASE=db:${value}\0`) &&
      pid
    );
  } catch {
    return false;
  }
}

test('secrets reach the service that needs them, and no other place at all', {
  timeout: 240_000,
}, async (t: TestContext) => {
  const folder = await tempFolder(t, 'canary');
  const outside = await tempFolder(t, 'outside');
  const at = (...names: string[]): string => join(folder, ...names);
  const word = join(outside, 'passphrase');
  writeFileSync(word, `${passphrase}\n`, { mode: 0o600 });
  process.env.XYLEM_PASSPHRASE_FILE = word;
  process.env.XYLEM_DEBUG = '1';
  t.after(() => {
    delete process.env.XYLEM_PASSPHRASE_FILE;
    delete process.env.XYLEM_DEBUG;
  });
  // What this process may, its children may: the most that this machine allows.
  if (process.platform === 'linux')
    execFileSync('prlimit', ['--pid', String(process.pid), '--core=unlimited:']);
  const xylem = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
  const hosts = ['web-1', 'web-2'];
  removeLater(t, async () => {
    await xylem.stop();
    for (const name of hosts) await xylem.endServices(at(name));
  });
  const secret = async (value: string) => {
    const words = ['secret', 'set', environment, 'api', 'password', '--yes', '--json'];
    const { code, said } = await withInput(words, `${value}\n`, at('home'));
    assert.equal(code, 0, said);
    outputs.push(said);
  };
  const outputs: string[] = [];
  const show = async (name: string): Promise<HostDetail> =>
    (await xylem.command(['host', 'show', name])) as HostDetail;
  const waits = (name: string, code: string) =>
    until(`${name} says ${code}`, async () => (await show(name)).waiting.some((one) => one.code === code));

  const { apiUrl, token } = await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), yaml);
  await xylem.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const publish = async (version: string, main: string): Promise<void> => {
    mkdirSync(at('made', version, 'tree'), { recursive: true });
    writeFileSync(at('made', version, 'tree', 'server.cjs'), main);
    writeFileSync(at('made', version, 'xylem.yaml'), manifest(version));
    await xylem.command(['package', 'publish', at('made', version)]);
    await xylem.command(['release', 'create', `shop@${version}`, '--with', `api@${version}`]);
  };
  await xylem.command(['product', 'create', 'shop']).catch(() => undefined);
  await publish('1.0.0', server);
  const node = (name: string, role: string, parent?: string) => ({
    name,
    environment,
    state: at(name),
    parent,
    serve: role === 'relay',
    tokenWords: ['--label', `role=${role}`],
  });
  const relay = await startNode(xylem, node('relay', 'relay'));
  await startNode(xylem, node('web-1', 'web', relay));
  await until('web-1 reports', async () => (await show('web-1')).lastReport !== null);

  // The slice: set, start, another value, a host that comes later.
  await secret(first);
  await xylem.command(['deploy', 'shop@1.0.0', '--to', environment, '--yes']);
  await until('the service has it', () => runsWith(at('web-1'), first) !== false);
  await startNode(xylem, node('web-2', 'web', relay));
  await waits('web-2', 'E_SECRET_WAITS');
  await xylem.start('holder', ['secret', 'wrap', environment, '--watch', '--yes']);
  await until('web-2 has it too', () => runsWith(at('web-2'), first) !== false);

  // A value that does not fit; a rotation; crashes.
  const before = runsWith(at('web-1'), first);
  await secret(unfit);
  await waits('web-1', 'E_CONFIG_INVALID');
  assert.equal(runsWith(at('web-1'), first), before, 'what runs goes on');
  await secret(second);
  await until('another value', () => runsWith(at('web-1'), second) !== false);
  const running = runsWith(at('web-1'), second);
  await xylem.command(['secret', 'rotate', environment, '--yes']);
  await xylem.end('web-1', 'SIGKILL');
  process.kill(lockPid(at('web-1')), 'SIGKILL');
  process.kill(servicePid(at('web-1')), 'SIGKILL');
  await xylem.start('web-1', ['agent', 'run', '--state', at('web-1')]);
  await until('it came back', () => runsWith(at('web-1'), second, Number(running)) !== false);

  // A version that fails, a host that leaves, a backup.
  await publish('2.0.0', 'process.exit(1);\n');
  // A rolling one, the default now that a release is settled, ends with the first host that refuses: either of them.
  const both = ['--strategy', 'all-at-once', '--yes'];
  await xylem.command(['deploy', 'shop@2.0.0', '--to', environment, ...both]);
  for (const name of hosts) {
    await until(`${name} refuses it`, async () =>
      (await show(name)).components.some((one) => one.refused?.code === 'E_SERVICE_START'),
    );
  }
  await xylem.command(['host', 'retire', 'web-2', '--yes']);
  await until('the holder rotated', async () => {
    const listed = (await xylem.command(['secret', 'list', environment])) as {
      removed: string[];
      values: { exposedTo: string[] }[];
    };
    return listed.removed.length === 0 && listed.values[0]?.exposedTo.join() === 'web-2';
  });
  await xylem.command(['root', 'backup', at('backup'), '--state', at('root')]).catch(async () => {
    await xylem.command(['root', 'backup', at('backup')]);
  });
  assert.ok(readdirSync(at('backup')).length > 0);

  const identities: Record<string, string> = {};
  for (const file of readdirSync(at('home', 'secrets'))) {
    const key = await loadKeyFile(at('home', 'secrets', file), passphrase);
    identities[`identity of ${file}`] = dataIdentityOf(key).identity;
    const seed = key.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    identities[`seed of ${file}`] = seed.toString('base64url');
  }
  assert.ok(Object.keys(identities).length >= 6, 'three generations');
  const joinToken = (await xylem.command(['token', 'create', '--env', environment])) as { token: string };
  const canaries = {
    'first value': first,
    'second value': second,
    'unfit value': unfit,
    passphrase,
    'API token': token,
    'join token': joinToken.token.split('.')[2] ?? '',
    ...identities,
  };
  // Every exception, with its reason: where a service wrote what it was given, and the operator's own login.
  const allowed = [
    /^web-[12]\/components\/api\/data\/seen\.txt: (first|second) value$/,
    /^home\/contexts\.json: API token$/,
  ];
  const found = canariesBelow(folder, canaries);
  assert.deepEqual(
    found.filter((one) => !allowed.some((rule) => rule.test(one))),
    [],
  );
  assert.ok(
    found.includes('web-1/components/api/data/seen.txt: second value'),
    'the search finds what is there',
  );
  assert.ok(found.includes('home/contexts.json: API token'), 'the search finds what is there');

  const names = ['root', 'relay', 'web-1', 'web-2', 'holder'];
  for (const name of names) {
    assert.deepEqual(canariesOf(xylem.pidOf(name), canaries), [], name);
  }
  assert.deepEqual(canariesOf(lockPid(at('web-1')), canaries), [], 'the supervisor');
  for (const pid of [
    lockPid(at('web-1')),
    servicePid(at('web-1')),
    ...names.map((name) => xylem.pidOf(name)),
  ]) {
    assert.match(
      readFileSync(`/proc/${pid}/limits`, 'utf8'),
      /^Max core file size +0 /m,
      'no dump of a crash',
    );
  }
  assert.deepEqual(canariesOf(servicePid(at('web-1')), canaries), ['environ: second value']);

  const ask = async (path: string): Promise<Buffer> => {
    const answer = await fetch(`${apiUrl}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    return Buffer.from(await answer.arrayBuffer());
  };
  const own = '/environments/acme/production';
  const paths = ['', '/yaml', '/secrets', '/keys'].map((end) => own + end);
  paths.push(
    '/hosts',
    '/hosts/web-1',
    '/hosts/web-1/why',
    '/status',
    '/topology',
    '/audit',
    '/deployments',
    '/where/shop',
    '/root',
  );
  for (const path of paths) assert.deepEqual(canariesIn(await ask(path), canaries), [], path);
  assert.ok((await ask(`${own}/secrets`)).includes('"version"'), 'that is the answer that was meant');
  for (const said of outputs) assert.deepEqual(canariesIn(Buffer.from(said), canaries), []);
});
