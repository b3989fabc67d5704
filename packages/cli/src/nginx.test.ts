import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { nginxServer, startProcess, waitUntil, xylemEntry } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const recorder = join(import.meta.dirname, 'testing', 'record-requests.ts');
const yaml =
  'environment: acme/production\nproducts:\n  shop:\n    components:\n      pages: { where: role = web }\n';

test('once moved there, a host gets every byte of an update from nginx over the root’s folder, and reports to the root', {
  timeout: 120_000,
}, async (t) => {
  const { folder, at, xylem, json } = await operatorHere(t, 'nginx-root');
  const web = (): Promise<HostDetail> => json('host show web');
  const page = join(at('web'), 'components', 'pages', 'current', 'page.html');
  const joined = async (name: string, url: string, more: string): Promise<void> => {
    const { token } = await json<{ token: string }>(
      `token create --env production --label role=${name}${more}`,
    );
    await json(`join ${url} --token ${token} --name ${name} --state ${at(name)}${more}`);
  };
  const published = async (version: string): Promise<string[]> => {
    const tree = at('tree');
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'page.html'), version);
    writeFileSync(join(tree, 'same.txt'), 'same'.repeat(50_000));
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`);
    await json(`package publish ${folder}`);
    await json(`release create shop@${version} --with pages@${version}`);
    return ['deploy', `shop@${version}`, '--to', 'production', '--watch', '--yes', '--timeout', '60'];
  };

  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme`,
  );
  const requests = at('requests.log');
  writeFileSync(requests, '');
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0', '--json'];
  const root = await startProcess({
    context: t,
    command: process.execPath,
    args: ['--import', recorder, xylemEntry, 'root', 'run', '--state', at('root'), ...listen],
    env: { XYLEM_HOME: at('home'), XYLEM_TEST_REQUESTS: requests },
  });
  const [ready] = await root.waitForLine(/^\{.*"nodesUrl".*\}$/, 60_000);
  const { apiUrl, nodesUrl } = JSON.parse(ready) as { apiUrl: string; nodesUrl: string };
  const atNodes = (): string[] =>
    readFileSync(requests, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(`${new URL(nodesUrl).port} `))
      .map((line) => line.slice(line.indexOf(' ') + 1));
  await json(`login ${apiUrl} --token ${operatorToken}`);
  writeFileSync(at('production.yaml'), yaml);
  await json(`env create acme/production --file ${at('production.yaml')}`);

  // nginx has the key and certificate of a host that joined to serve: nothing else would a host believe.
  await joined('edge', nodesUrl, ' --serve');
  const pem = (name: string): string => readFileSync(join(at('edge'), 'identity', name), 'utf8');
  const nginx = await nginxServer(t, join(at('root'), 'repository'), {
    tls: { key: pem('key.pem'), cert: `${pem('cert.pem')}\n${pem('ca.pem')}` },
  });
  if ('skip' in nginx) return t.skip(nginx.skip);

  await joined('web', nodesUrl, '');
  await xylem.start('web', ['agent', 'run', '--state', at('web')]);
  await xylem.command(await published('1.0.0'));
  await json(`host move web --parent ${nginx.url} --parent ${nodesUrl} --yes --at-once`);
  await waitUntil(async () => (await web()).parent?.url === nginx.url, 30_000, 'nginx to be the parent');
  const before = { root: atNodes().length, nginx: (await nginx.requests()).length };
  assert.ok(
    atNodes().some((line) => line === 'POST /join') && atNodes().some((line) => line.startsWith('GET /r/')),
    `what the root is asked is recorded: ${atNodes().join('\n')}`,
  );

  // It ends only when the host's own report came to the root.
  await xylem.command(await published('2.0.0'));
  assert.equal(readFileSync(page, 'utf8'), '2.0.0');
  const asked = atNodes().slice(before.root);
  assert.ok(asked.includes('POST /reports'), asked.join('\n'));
  assert.deepEqual(
    asked.filter((line) => !line.startsWith('POST /reports')),
    [],
    'the root was asked for nothing that is a file, nor for news',
  );
  const served = (await nginx.requests()).slice(before.nginx).filter((line) => / 20[06] /.test(line));
  for (const kind of [
    /^GET \/r\/[^/]+\/metadata\/timestamp/,
    /^GET \/news\/[^/]+\/\d+-\d+ /,
    /^GET \/o\/[^/]+\/offers\//,
    /^GET \/o\/[^/]+\/[0-9a-f]{64} /,
  ]) {
    assert.ok(
      served.some((line) => kind.test(line)),
      `nginx served ${kind}: ${served.join('\n')}`,
    );
  }
});
