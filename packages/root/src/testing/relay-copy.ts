import { cp } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openRepository, serveRepository } from '@xylem/store';
import { removeLater, tempFolder } from '@xylem/testkit';
import { serverTls } from '@xylem/trust';
import type { FakeHost } from './fake-host.ts';

/** A copy of a root server's repository as it is now, served as a relay serves it. @returns its address */
export async function relayCopy(
  t: Pick<TestContext, 'after'>,
  relay: FakeHost,
  rootFolder: string,
  lacks: (path: string) => boolean = () => false,
): Promise<string> {
  const copy = join(await tempFolder(t, 'relay'), 'repository');
  // The root server goes on while it is copied: what it has not finished comes and goes.
  const unfinished = join(rootFolder, 'repository', '.tmp-work');
  await cp(join(rootFolder, 'repository'), copy, { recursive: true, filter: (path) => path !== unfinished });
  const serve = serveRepository(await openRepository(copy), { authorise: () => true });
  const identity = { key: relay.key, certificatePem: relay.answer.certificate, caPem: relay.answer.ca };
  const server = createServer(serverTls(identity), (request, response) => {
    if (lacks(request.url ?? '') || !serve(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, () => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
