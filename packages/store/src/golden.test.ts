import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, type DomainId, sha256 } from '@xylem/core';
import { fetchTree } from './fetch/fetch-tree.ts';
import { memoryChunkIndex } from './offer/memory-index.ts';
import { verifyPack } from './pack/pack-reader.ts';
import { publishTree } from './publish/publish-tree.ts';
import { repositorySink } from './publish/repository-sink.ts';
import { openRepository } from './repository/disk-repository.ts';
import { repositorySource } from './source/repository-source.ts';
import { type Contents, temporaryFolder, writeFolder } from './testing/folder.ts';
import { readFolder } from './testing/read-folder.ts';

/** Written in 2026 by version 0.1.0, and kept for ever: every later version must read them. */
const fixtures = join(import.meta.dirname, '../fixtures/v1');
const reader = join(import.meta.dirname, '../../../tools/second-reader');
const domain = '11112222333344445555666677778888' as DomainId;

interface Golden {
  readonly tree: Digest;
  readonly files: readonly string[];
  readonly packs: readonly Digest[];
}
const golden = async (name: string): Promise<Golden> =>
  JSON.parse(await readFile(join(fixtures, `${name}.json`), 'utf8')) as Golden;

const digestsOf = (count: number, seed: string): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => createHash('sha256').update(`${seed}${i}`).digest()));

/** The folder that `compressed` was published from. */
const contents: Contents = {
  'bin/run*': '#!/bin/sh\necho golden\n',
  'bin/alias': '-> run',
  'empty/folder': null,
  'empty.txt': '',
  'large.txt': Array.from({ length: 9000 }, (_, i) => `line ${i} of a text of some length\n`).join(''),
  'noise.bin': digestsOf(3000, 'golden noise '),
  'Übung/naïve ✓.txt': 'names are UTF-8\n',
};

for (const name of ['compressed', 'raw']) {
  test(`golden ${name}: packs verify, and the tree installs as it was`, async (t) => {
    const base = await temporaryFolder(t);
    await cp(join(fixtures, name), join(base, 'repository'), { recursive: true });
    const repository = await openRepository(join(base, 'repository'));
    const { tree, files, packs } = await golden(name);
    for (const pack of packs) await verifyPack(repository.objectPath(domain, pack), pack);
    const into = join(base, 'into');
    await fetchTree({ source: repositorySource(repository), domain, tree, into });
    assert.deepEqual(await readFolder(into), files);
    assert.equal(sha256(await readFile(`${into}.tree`)), tree);
  });

  const python = spawnSync('sh', ['-c', 'python3 --version && zstd --version']);
  const skip = python.status === 0 ? false : 'python3 and zstd are not installed';
  test(`golden ${name}: the second reader finds the same files`, { skip }, async () => {
    const { tree, files } = await golden(name);
    const program = [
      'import sys, json',
      `sys.path.insert(0, ${JSON.stringify(reader)})`,
      'import reader',
      `print(json.dumps(reader.install(${JSON.stringify(join(fixtures, name))}, ${JSON.stringify(domain)}, ${JSON.stringify(tree)})))`,
    ].join('\n');
    const found = JSON.parse(execFileSync('python3', ['-B', '-c', program], { encoding: 'utf8' })) as Record<
      string,
      string
    >;
    for (const line of files) {
      const file = /^f \d+ (.*) (\d+) ([0-9a-f]{64})$/.exec(line);
      if (file !== null) assert.equal(found[file[1]!], file[3]);
      const link = /^l (.*) -> (.*)$/.exec(line);
      if (link !== null) assert.equal(found[link[1]!], link[2]);
    }
    assert.equal(found['empty/folder'], name === 'compressed' ? 'folder' : undefined);
  });
}

test('golden: the same folder still makes the same tree, cut alike', async (t) => {
  const base = await temporaryFolder(t);
  await writeFolder(join(base, 'folder'), contents);
  const repository = await openRepository(join(base, 'repository'));
  const sink = repositorySink(repository, domain, memoryChunkIndex());
  const published = await publishTree({ folder: join(base, 'folder'), sink });
  const { tree } = await golden('compressed');
  assert.equal(published.tree, tree);
  const large = published.entries.find(({ path }) => path === 'large.txt');
  assert.equal(large?.type === 'file' && large.chunks.length, 3);
});
