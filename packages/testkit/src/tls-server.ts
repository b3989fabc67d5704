import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { removeLater } from './cleanup.ts';
import { tempFolder } from './temp-folder.ts';

/** A real HTTPS server on loopback, by a certificate of its own for `name` that lasts for so many days; below 0: it has ended. */
export async function tlsServer(
  t: Pick<TestContext, 'after'>,
  days: number,
  answer: RequestListener,
  name = 'localhost',
): Promise<{ readonly url: string; readonly certificate: string }> {
  const folder = await tempFolder(t, 'tls');
  const [key, request, certificate, names] = ['key', 'request', 'certificate', 'names'].map((file) =>
    join(folder, `${file}.pem`),
  ) as [string, string, string, string];
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { stdio: ['pipe', 'ignore', 'ignore'] });
  openssl(
    'req',
    '-new',
    '-newkey',
    'ed25519',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    key,
    '-out',
    request,
  );
  execFileSync('sh', ['-c', 'echo "subjectAltName=DNS:$1" > "$0"', names, name]);
  const made = ['-extfile', names, '-out', certificate];
  openssl('x509', '-req', '-in', request, '-signkey', key, '-days', String(days), ...made);
  const pem = readFileSync(certificate, 'utf8');
  const server = createServer({ key: readFileSync(key), cert: pem }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `https://${name}:${(server.address() as AddressInfo).port}`, certificate: pem };
}
