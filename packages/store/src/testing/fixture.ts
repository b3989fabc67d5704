import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { DomainId } from '@xylem/core';
import { createHttpClient, type HttpClient } from '@xylem/platform';
import type { ChunkIndex } from '../offer/chunk-index.ts';
import { publishOffer } from '../offer/make-offer.ts';
import { memoryChunkIndex } from '../offer/memory-index.ts';
import { publishTree } from '../publish/publish-tree.ts';
import { repositorySink } from '../publish/repository-sink.ts';
import type { PublishedTree } from '../publish/types.ts';
import { openRepository } from '../repository/disk-repository.ts';
import type { Repository } from '../repository/repository.ts';
import { serveRepository } from '../serve/serve.ts';
import { type Contents, temporaryFolder, writeFolder } from './folder.ts';

export const testDomain = '0123456789abcdef0123456789abcdef' as DomainId;

/** A repository in a folder of the test's own, and a way to publish into it. */
export interface Fixture {
  readonly base: string;
  readonly repository: Repository;
  readonly index: ChunkIndex;
  publish(name: string, contents: Contents): Promise<PublishedTree & { readonly folder: string }>;
}

export async function makeFixture(t: TestContext, parent?: string): Promise<Fixture> {
  const base = await temporaryFolder(t, parent);
  const repository = await openRepository(join(base, 'repository'));
  const index = memoryChunkIndex();
  const sink = repositorySink(repository, testDomain, index);
  return {
    base,
    repository,
    index,
    publish: async (name, contents) => {
      const folder = join(base, name);
      await writeFolder(folder, contents);
      const published = await publishTree({ folder, sink });
      const { tree, treeChunks } = published;
      await publishOffer({ repository, domain: testDomain, tree, treeChunks, index });
      return { ...published, folder };
    },
  };
}

export interface TestServer {
  readonly url: string;
  readonly server: Server;
  /** `GET path range`, one for each request. */
  readonly requests: string[];
}

/** Serves a repository on a port of its own over real HTTP. `first` may answer instead (returns true). */
export async function serveForTest(
  t: TestContext,
  repository: Repository,
  first: (request: IncomingMessage, response: import('node:http').ServerResponse) => boolean = () => false,
): Promise<TestServer> {
  const handle = serveRepository(repository, { authorise: () => true });
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
    if (first(request, response)) return;
    if (!handle(request, response)) response.writeHead(404).end();
  });
  // As the servers that ship have it: node's 5 s end a connection while a slow machine is at something else.
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    requests,
  };
}

export function clientForTest(t: TestContext): HttpClient {
  const client = createHttpClient();
  t.after(() => client.close());
  return client;
}
