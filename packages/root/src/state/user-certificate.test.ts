import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { removeLater, tempFolder, waitUntil } from '@xylem/testkit';
import { initRoot } from '../init.ts';
import { runRoot } from '../run.ts';

function makePair(folder: string, name: string): { cert: string; key: string } {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}-key.pem`);
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', ...names, '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { cert, key };
}

/** Who is shown there now, and what the API answers. */
function ask(url: string): Promise<{ subject: string; status: number }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/api/v1/whoami`,
      { rejectUnauthorized: false, agent: false },
      (response) => {
        const subject = (response.socket as TLSSocket).getPeerX509Certificate()?.subject ?? '';
        response.resume().on('end', () => resolve({ subject, status: response.statusCode ?? 0 }));
      },
    );
    outgoing.on('error', reject).end();
  });
}

test("the API is served by the operator's own certificate, and by the next one when the files change", async (t) => {
  const folder = await tempFolder(t, 'certificates');
  const [first, second] = [makePair(folder, 'first'), makePair(folder, 'second')];
  const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
  const ports = { clock: systemClock, randomness: systemRandomness };
  const stateFolder = join(await tempFolder(t, 'root'), 'state');
  await initRoot({ stateFolder, ...ports });
  const any = { host: '127.0.0.1', port: 0 };
  const start = () =>
    runRoot({ stateFolder, api: any, nodes: any, https: { ...any, ...files }, ...ports, log: silentLog });
  await assert.rejects(start(), { code: 'E_INPUT' });
  await copyFile(first.cert, files.certFile);
  await copyFile(second.key, files.keyFile);
  await assert.rejects(start(), { code: 'E_INPUT', message: /is not the key of/ });
  await copyFile(first.key, files.keyFile);
  const root = await start();
  removeLater(t, () => root.close());
  const url = root.httpsUrl ?? '';
  assert.deepEqual(await ask(url), { subject: 'CN=first', status: 401 });
  // Half replaced, and then rubbish: the former is shown until both fit.
  await copyFile(second.cert, files.certFile);
  assert.equal((await ask(url)).subject, 'CN=first');
  await writeFile(files.keyFile, 'rubbish');
  assert.equal((await ask(url)).subject, 'CN=first');
  await copyFile(second.key, files.keyFile);
  await waitUntil(async () => (await ask(url)).subject === 'CN=second');
});
