import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainId } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import {
  fetchTree,
  httpSource,
  memoryChunkIndex,
  openRepository,
  publishOffer,
  publishTree,
  repositorySink,
  serveRepository,
} from '@xylem/store';
import type { Bench, Measured } from './bench.ts';

const files = 10_000;
const runs = 3;

/**
 * A first install of 10,000 small files over HTTP, from offer to durable and visible, beside `tar -x` of the same
 * files followed by hashing each (and a sync, which an install has to do too). Medians of three.
 */
export const bench: Bench = {
  usage: '(no arguments): first install of 10,000 small files beside tar -x and hashing',
  run: install,
};

async function install(): Promise<Measured> {
  const base = mkdtempSync(join(tmpdir(), 'xylem-bench-install-'));
  try {
    const source = join(base, 'source');
    const totalBytes = writeFiles(source);
    const domain = '0'.repeat(31).concat('1') as DomainId;
    const repository = await openRepository(join(base, 'repository'));
    const index = memoryChunkIndex();
    const published = await publishTree({ folder: source, sink: repositorySink(repository, domain, index) });
    await publishOffer({ repository, domain, tree: published.tree, treeChunks: published.treeChunks, index });
    const serve = serveRepository(repository, { authorise: () => true });
    const server = createServer((request, response) => {
      if (!serve(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = createHttpClient();
    const parent = httpSource(client, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

    const installs: number[] = [];
    const tars: number[] = [];
    execFileSync('tar', ['-C', source, '-cf', join(base, 'source.tar'), '.']);
    for (let run = 0; run < runs; run += 1) {
      installs.push(
        await timed(async () => {
          await fetchTree({
            source: parent,
            domain,
            tree: published.tree,
            into: join(base, `installed-${run}`),
          });
        }),
      );
      const out = join(base, `untarred-${run}`);
      mkdirSync(out);
      tars.push(
        await timed(async () => {
          execFileSync('tar', ['-C', out, '-xf', join(base, 'source.tar')]);
          hashFolder(out);
          execFileSync('sync', ['-f', out]);
        }),
      );
    }
    client.close();
    server.close();
    const installSeconds = median(installs);
    const tarSeconds = median(tars);
    return {
      inputs: { files, bytes: totalBytes, runs },
      figures: { installSeconds, tarSeconds, ratio: installSeconds / tarSeconds },
    };
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

/** Small text files in 100 folders, their content from a counter, so that two runs are alike. */
function writeFiles(folder: string): number {
  let total = 0;
  for (let i = 0; i < files; i += 1) {
    const parent = join(folder, `module-${i % 100}`);
    if (i < 100) mkdirSync(parent, { recursive: true });
    const line = createHash('sha256').update(String(i)).digest('hex');
    const bytes = `export const value${i} = '${line}';\n`.repeat(1 + (i % 97));
    writeFileSync(join(parent, `file-${i}.js`), bytes);
    total += bytes.length;
  }
  return total;
}

function hashFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      createHash('sha256')
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest();
  }
}

async function timed(act: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await act();
  return (performance.now() - begin) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
