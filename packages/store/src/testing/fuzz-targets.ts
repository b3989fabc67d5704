import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  type Digest,
  type DomainId,
  type EnvironmentId,
  encodeHostMapFile,
  encodeNewsFile,
  sha256,
} from '@xylem/core';
import type { FuzzTarget } from '@xylem/core/testing';
import { systemClock } from '@xylem/platform';
import { fetchTree } from '../fetch/fetch-tree.ts';
import { readNewsFile } from '../news/file.ts';
import { readHostMapFile } from '../news/host-map-file.ts';
import { publishOffer } from '../offer/make-offer.ts';
import { memoryChunkIndex } from '../offer/memory-index.ts';
import { readOfferFrom } from '../offer/read-offer.ts';
import { verifyPack } from '../pack/pack-reader.ts';
import { compress } from '../pack/zstd.ts';
import { applyPatch } from '../patch/apply.ts';
import { makePatch } from '../patch/make.ts';
import { OldTree } from '../patch/old-tree.ts';
import { publishTree } from '../publish/publish-tree.ts';
import { repositorySink } from '../publish/repository-sink.ts';
import { openRepository } from '../repository/disk-repository.ts';
import type { Repository } from '../repository/repository.ts';
import { serveRepository } from '../serve/serve.ts';
import type { ObjectSource } from '../source/object-source.ts';

const domain = '0123456789abcdef0123456789abcdef' as DomainId;
const environment = 'fedcba9876543210fedcba9876543210' as EnvironmentId;

/** All that this package parses: packs, offers, files of news, what a fetch is given, requests for files. */
export async function storeFuzzTargets(context: {
  after(remove: () => void | Promise<void>): unknown;
}): Promise<FuzzTarget[]> {
  const base = await mkdtemp(join(tmpdir(), 'xylem-fuzz-'));
  context.after(() => rm(base, { recursive: true, force: true }));
  const repository = await openRepository(join(base, 'repository'));
  const index = memoryChunkIndex();
  const folder = join(base, 'tree');
  await mkdir(folder);
  for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), `${name}\n`.repeat(3000));
  const { tree, treeChunks, packs } = await publishTree({
    folder,
    sink: repositorySink(repository, domain, index),
  });
  await publishOffer({ repository, domain, tree, treeChunks, index });
  const objectFile = (digest: Digest): Promise<Buffer> => readFile(repository.objectPath(domain, digest));
  const pack = await objectFile(packs[0]?.digest as Digest);
  const offer = (await repository.readFile(`o/${domain}/offers/${tree}`)) as Buffer;
  const news = await compress(
    encodeNewsFile({
      format: 'xylem-news-file-1',
      environment,
      from: 1,
      to: 2,
      files: { 'r/a': '{}' },
      absent: [],
    } as never),
    9,
  );
  const hostMap = await compress(
    encodeHostMapFile({
      format: 'xylem-host-map-file-1',
      environment,
      to: sha256('map'),
      nodes: ['{"format":"xylem-hostmap-1","hosts":{}}'],
    }),
    3,
  );
  const giving = (bytes: Uint8Array): ObjectSource => ({
    name: 'fuzz',
    get: async (_path, { offset = 0, length } = {}) => {
      const part = bytes.subarray(offset, length === undefined ? undefined : offset + length);
      return {
        status: 'found',
        body: Readable.from([Buffer.from(part)]),
        totalBytes: bytes.length,
        etag: undefined,
      };
    },
  });
  let count = 0;
  const at = join(base, 'file');
  return [
    {
      name: 'pack',
      seedInputs: [pack],
      parse: async (input) => {
        await writeFile(at, input);
        return await verifyPack(at, sha256(input) as Digest);
      },
    },
    {
      name: 'offer as it is fetched',
      seedInputs: [offer],
      parse: (input) => readOfferFrom(giving(input), domain, tree),
    },
    {
      name: 'file of news as it is fetched',
      seedInputs: [news],
      parse: (input) => readNewsFile(giving(input), environment, 1, 2, { clock: systemClock }),
    },
    {
      name: 'file of host map nodes as it is fetched',
      seedInputs: [hostMap],
      parse: (input) =>
        readHostMapFile(
          giving(input),
          { environment, from: null, to: sha256('map') },
          { clock: systemClock },
        ),
    },
    ...(['offer', 'pack'] as const).map((what) => ({
      name: `a tree installed with a damaged ${what}`,
      seedInputs: [what === 'offer' ? offer : pack],
      parse: async (input: Uint8Array) => {
        count += 1;
        const into = join(base, `into-${count}`);
        const honest = giving(what === 'offer' ? pack : offer);
        const damaged = giving(input);
        const source: ObjectSource = {
          name: 'fuzz',
          get: (path, request) =>
            (path.includes('/offers/') === (what === 'offer') ? damaged : honest).get(path, request),
        };
        try {
          await fetchTree({ source, domain, tree, into, seeds: [] } as never);
        } finally {
          await rm(into, { recursive: true, force: true });
        }
      },
    })),
    await patch(context, repository, base),
    await staticServer(context, serveRepository(repository, { authorise: () => true }), [
      `/o/${domain}/${tree}`,
      `/o/${domain}/offers/${tree}`,
    ]),
  ];
}

/** A patch with a block of each kind, between two trees of `base`; what it makes is thrown away. */
async function patch(
  context: { after(remove: () => void | Promise<void>): unknown },
  repository: Repository,
  base: string,
): Promise<FuzzTarget> {
  const [old, next] = [join(base, 'old'), join(base, 'next')];
  const publish = async (folder: string, files: Readonly<Record<string, Uint8Array | string>>) => {
    await mkdir(folder);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return await publishTree({ folder, sink: repositorySink(repository, domain, memoryChunkIndex()) });
  };
  const program = Buffer.concat(Array.from({ length: 3_000 }, (_, n) => Buffer.from(sha256(`${n}`), 'hex')));
  const random = Buffer.concat(Array.from({ length: 2_500 }, (_, n) => Buffer.from(sha256(`-${n}`), 'hex')));
  const from = await publish(old, { program, kept: 'kept', 'small.txt': 'small\n'.repeat(300) });
  const to = await publish(next, {
    program: Buffer.concat([program.subarray(0, 50_000), Buffer.from('new'), program.subarray(50_000)]),
    kept: 'kept',
    'small.txt': `${'small\n'.repeat(300)}more\n`,
    random,
  });
  const trees = [new OldTree(old, from.entries), new OldTree(next, to.entries)] as const;
  context.after(async () => {
    for (const tree of trees) await tree.close();
  });
  const ends = { from: from.tree, to: to.tree };
  const target = { prepare: async () => undefined, write: async () => undefined };
  return {
    name: 'patch as it is applied',
    seedInputs: [Buffer.concat(await makePatch({ old: trees[0], next: trees[1], ...ends }))],
    parse: async (input) => {
      let at = 0;
      const read = async (bytes: number): Promise<Uint8Array> => {
        const begin = at;
        at = Math.min(input.length, at + bytes);
        return input.subarray(begin, at);
      };
      await applyPatch(read, ends, trees[0], target);
    },
  };
}

/** Raw requests over a socket: whatever is sent, each connection is answered or ended, and never with a fault of ours. */
async function staticServer(
  context: { after(remove: () => void | Promise<void>): unknown },
  handle: ReturnType<typeof serveRepository>,
  paths: readonly string[],
): Promise<FuzzTarget> {
  let fault: unknown;
  const server = createServer((request, response) => {
    try {
      if (!handle(request, response)) response.writeHead(404).end();
    } catch (error) {
      fault = error;
      response.destroy();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const head = (path: string, line: string): Uint8Array =>
    Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n${line}\r\nConnection: close\r\n\r\n`);
  return {
    name: 'requests for files',
    seedInputs: paths.flatMap((path) => [
      head(path, 'Range: bytes=0-10'),
      head(path, 'Range: bytes=-5'),
      head(path, 'If-None-Match: "x", W/"y"'),
      head(path, 'Want-Repr-Digest: sha-256=1'),
      head(`/r/${domain}/metadata/1.root.json`, 'Range: bytes=5-'),
      head('/../../../etc/passwd', 'X: y'),
      head(`/o/${domain}/%2e%2e/%2e%2e/x`, 'X: y'),
    ]),
    parse: async (input) => {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        let text = '';
        socket.setEncoding('latin1').on('data', (piece: string) => {
          text += piece;
        });
        socket.once('error', () => undefined);
        socket.once('close', () => resolve(text));
        socket.end(input);
      });
      const thrown = fault;
      fault = undefined;
      if (thrown !== undefined) throw new Error('the server threw', { cause: thrown });
      if (/^HTTP\/1.1 5/.test(answer)) throw new Error(answer.slice(0, 200));
      if (answer.includes('root:')) throw new Error('a file of the machine was served');
    },
  };
}
