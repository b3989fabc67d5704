import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { joinHost, runAgent } from '@xylem/agent';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { removeLater, tempFolder, tlsServer, waitUntil } from '@xylem/testkit';
import { rootHere } from './testing/root-here.ts';

test('a host asks its own front door by its public name, and the operator sees what it saw', {
  timeout: 180_000,
}, async (t) => {
  const site = { status: 200 };
  const asked: string[] = [];
  const { url, certificate } = await tlsServer(
    t,
    30,
    ({ method, url: path, headers }, response) => {
      asked.push(`${method} ${headers.host} ${path} ${headers.authorization ?? ''}`);
      response.writeHead(site.status).end('welcome');
    },
    'shop.example',
  );
  const own = { from: 'hosts', here: true, url: `${url}/health`, ca: certificate, everySeconds: 10 };
  const verify = [
    { ...own, name: 'own', expect: { contains: 'welcome' }, certificate: { minimumDays: 14 } },
    { ...own, name: 'short', certificate: { minimumDays: 31 } },
    { name: 'inside', from: 'hosts', url: 'http://169.254.169.254/', everySeconds: 10 },
    { ...own, name: 'elsewhere', where: 'role = db' },
  ];
  const root = await rootHere(t);
  const folder = await tempFolder(t, 'verify');
  const file = join(folder, 'production.yaml');
  writeFileSync(file, JSON.stringify({ environment: 'production', policy: { verify } }));
  const said = async (...words: string[]) => {
    const { code, stdout, stderr } = await root.xylem(words);
    return { code, stdout, stderr };
  };
  assert.equal((await said('env', 'create', 'production', '--file', file)).code, 0);
  const made = await said('token', 'create', '--env', 'production', '--json');
  const { token } = JSON.parse(made.stdout) as { token: string };
  const stateFolder = join(folder, 'web-1');
  const ports = { stateFolder, clock: systemClock, randomness: systemRandomness, log: silentLog };
  await joinHost({ ...ports, url: root.nodesUrl, token, name: 'web-1', serve: false });
  const agent = await runAgent({ ...ports, supervisorCommand: ['/bin/false'] });
  removeLater(t, () => agent.stop());

  const shown = async (...texts: RegExp[]): Promise<void> => {
    let text = '';
    await waitUntil(
      async () => {
        const { code, stdout } = await said('verify', 'production');
        assert.equal(code, 9);
        text = stdout;
        return texts.every((one) => one.test(stdout));
      },
      90_000,
      `${texts.join(', ')} in the answer`,
    ).catch((error: unknown) => assert.fail(`${String(error)}\n${text}`));
  };
  await shown(
    /^own +hosts +pass +passes on 1 of 1 host /m,
    /^short +hosts +fail +passes on 0 of 1 host, 1 failing /m,
    /^short on web-1: fail, the certificate ends in 29 days, and at least 31 are expected$/m,
    /^inside on web-1: fail, the address lies in a network inside$/m,
    /^elsewhere +hosts +silent +passes on 0 of 0 hosts /m,
    /^3 of 4 probes did not pass\.$/m,
  );
  assert.deepEqual(
    [...new Set(asked)],
    [`GET ${new URL(url).host} /health `],
    'by the public name, and with no credentials',
  );
  site.status = 503;
  await shown(/^own on web-1: fail, status 503 instead of 200$/m);
});
