import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import promises, { lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { ownPatchList, putPatchList } from '../patch/list.ts';
import { type Published, patchBetween } from '../patch/testing.ts';
import { httpSource } from '../source/http-source.ts';
import { clientForTest, type Fixture, makeFixture, serveForTest, testDomain } from '../testing/fixture.ts';
import { type Contents, memoryFolder, noise, text } from '../testing/folder.ts';
import { readFolder } from '../testing/read-folder.ts';
import { fetchTree } from './fetch-tree.ts';
import type { RoadChoice } from './roads.ts';
import type { FetchTreeOptions } from './types.ts';

const fetchMain = join(import.meta.dirname, '../testing/fetch-main.ts');

const program = noise('program', 2_000_000);
const before: Contents = {
  'bin/run*': program,
  'lib/text.js': text('lib', 400_000),
  'lib/same.js': text('same', 300_000),
  'lib/gone.js': text('gone', 20_000),
  link: '-> bin/run',
};
const after: Contents = {
  'bin/run*': Buffer.concat([program.subarray(0, 700_000), Buffer.from('new'), program.subarray(700_000)]),
  'lib/text.js': Buffer.concat([text('lib', 400_000), Buffer.from('// more\n')]),
  'lib/same.js': text('same', 300_000),
  'lib/new.js': text('new', 30_000),
  'lib/new.bin': noise('new', 90_000),
  empty: '',
  link: '-> lib/new.js',
};

/** Makes a patch, and has it offered. */
const offerPatch = async (own: Fixture, old: Published, next: Published): Promise<Digest> =>
  await putPatch(own, old.tree, next.tree, await patchBetween(old, next));

/** What goes by chunks, as a list says it. */
const chunkBytes = 3_000_000;

async function putPatch(
  { repository }: Pick<Fixture, 'repository'>,
  from: Digest,
  to: Digest,
  patch: Buffer,
): Promise<Digest> {
  const digest = sha256(patch);
  await repository.putObject(testDomain, digest, patch);
  await putPatchList(repository, testDomain, to, [[from, digest, patch.length, 3_000_000, chunkBytes]]);
  return digest;
}

/** Two versions of which the first is installed, and a server with both. */
async function twoVersions(t: TestContext, first = before, second = after) {
  const own = await makeFixture(t, memoryFolder);
  const old = await own.publish('old', first);
  const next = await own.publish('next', second);
  const state = { cut: Number.POSITIVE_INFINITY, flipped: Number.POSITIVE_INFINITY, path: '' };
  const server = await serveForTest(t, own.repository, (request, response) => {
    if (state.path === '' || request.url !== state.path) return false;
    const offset = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (offset > 0) return false;
    const end = state.cut;
    void readFile(own.repository.filePath(state.path.slice(1))).then((bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      if (state.flipped < bytes.length) bytes[state.flipped] = (bytes[state.flipped] ?? 0) ^ 1;
      response.write(bytes.subarray(0, end), () => response.destroy());
    });
    return true;
  });
  const source = httpSource(clientForTest(t), server.url);
  const installed = join(own.base, 'installed-old');
  await fetchTree({ source, domain: testDomain, tree: old.tree, into: installed });
  server.requests.length = 0;
  const into = join(own.base, 'installed-next');
  const options: FetchTreeOptions = {
    source,
    domain: testDomain,
    tree: next.tree,
    into,
    seeds: [{ folder: installed }],
    share: 'link',
    patches: 'ask',
  };
  const isRight = async (): Promise<void> => {
    assert.deepEqual(await readFolder(into), await readFolder(next.folder));
    const left = (await readdir(own.base)).filter((name) => name.includes('.part'));
    assert.deepEqual(left, [], 'nothing is left beside it');
  };
  const removeAgain = async (): Promise<void> => {
    await rm(into, { recursive: true });
    await rm(`${into}.tree`);
  };
  return { own, old, next, server, state, options, isRight, removeAgain };
}

test('a patch takes two requests, and what stays is linked', async (t) => {
  const { own, old, next, server, options, isRight } = await twoVersions(t);
  const patch = await offerPatch(own, old, next);
  const fetched = await fetchTree(options);
  await isRight();
  assert.deepEqual(server.requests, [
    `GET /o/${testDomain}/patches/${next.tree}`,
    `GET /o/${testDomain}/${patch}`,
  ]);
  const patchBytes = (await own.repository.objectSize(testDomain, patch)) ?? 0;
  assert.ok(fetched.fetchedBytes - patchBytes < 400, `${fetched.fetchedBytes}, a patch of ${patchBytes}`);
  assert.equal(fetched.requests, 2);
  assert.equal(fetched.linkedFiles, 1);
  assert.equal(fetched.seededBytes, 300_000);
  assert.equal(fetched.resumedBytes, 0);
  assert.equal(fetched.patchedBytes, fetched.sizeBytes - 300_000);
});

/** What is read of files below a folder, in calls of the system. */
function readsBelow(t: TestContext, folder: string): string[] {
  const reads: string[] = [];
  const { open } = promises;
  t.mock.method(promises, 'open', async (...words: Parameters<typeof open>) => {
    const handle = await open(...words);
    const path = relative(folder, String(words[0]));
    if (path.startsWith('..')) return handle;
    const read = handle.read.bind(handle) as (...of: unknown[]) => unknown;
    return Object.assign(handle, {
      read: (...of: unknown[]) => {
        reads.push(path);
        return read(...of);
      },
    });
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return reads;
}

test('what a patch made is not read again, but by who finds it after a break', async (t) => {
  const { own, old, next, options, isRight, removeAgain } = await twoVersions(t);
  await offerPatch(own, old, next);
  const reads = readsBelow(t, `${options.into}.part`);
  await fetchTree(options);
  await isRight();
  assert.equal(reads.length, 0);
  await removeAgain();

  const brokenOff = new Error('broken off');
  const onProgress = (): void => {
    throw brokenOff;
  };
  await assert.rejects(fetchTree({ ...options, onProgress }), brokenOff);
  assert.equal(reads.length, 0);
  const run = join(`${options.into}.part`, 'bin/run');
  const bytes = await readFile(run);
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
  await writeFile(run, bytes);
  const { patchedBytes, resumedBytes, sizeBytes } = await fetchTree(options);
  await isRight();
  for (const path of ['bin/run', 'lib/new.bin', 'lib/new.js', 'lib/text.js']) assert.ok(reads.includes(path));
  assert.equal(patchedBytes, 0);
  assert.ok(
    resumedBytes < sizeBytes && resumedBytes > sizeBytes - 300_000,
    `${resumedBytes} of ${sizeBytes}`,
  );
});

test('a list that is known is not asked for, and what is weighed is told', async (t) => {
  const { own, old, next, server, options, isRight, removeAgain } = await twoVersions(t);
  const patch = await offerPatch(own, old, next);
  const list = await ownPatchList(own.repository, testDomain, next.tree);
  assert.ok(list);
  const told: RoadChoice[] = [];
  const means = { bytesPerSecond: 1_000_000, memoryBytes: 2 ** 30 };
  const known = {
    ...options,
    patches: list,
    means: () => means,
    onRoads: (one: RoadChoice) => told.push(one),
  };
  await fetchTree(known);
  await isRight();
  assert.deepEqual(server.requests, [`GET /o/${testDomain}/${patch}`]);
  assert.equal(told[0]?.kind, 'patch');
  assert.deepEqual(
    told[0]?.roads.map(({ kind, from, bytes }) => [kind, from, bytes]),
    [
      ['patch', old.tree, list.patches[0]?.[2]],
      ['chunks', old.tree, chunkBytes],
    ],
  );
  await removeAgain();
  server.requests.length = 0;
  const { patchedBytes } = await fetchTree({ ...known, means: () => ({ ...means, memoryBytes: 1 }) });
  await isRight();
  assert.equal(patchedBytes, 0);
  assert.equal(told[1]?.why, 'too little memory for a patch');
  assert.deepEqual(
    told.at(-1)?.roads.map(({ kind, bytes }) => [kind, bytes > 0]),
    [
      ['patch', true],
      ['chunks', true],
      ['whole', true],
    ],
  );
  assert.ok(server.requests[0]?.includes('/offers/'));
});

test('without a list, a patch from here, or a seed chunks come', async (t) => {
  const { own, old, next, server, options, isRight, removeAgain } = await twoVersions(t);
  const told: RoadChoice[] = [];
  const first = await fetchTree({ ...options, onRoads: (one) => told.push(one) });
  await isRight();
  assert.equal(server.requests[0], `GET /o/${testDomain}/patches/${next.tree}`);
  const { kind, why, roads } = told.at(-1) ?? assert.fail();
  assert.deepEqual([kind, why], ['chunks', 'no patch from a tree that was here']);
  const [chunks, whole] = roads;
  // The list, which is not there, was asked for before.
  assert.deepEqual([chunks?.bytes, chunks?.requests], [first.fetchedBytes, first.requests - 1]);
  assert.ok(whole?.kind === 'whole' && whole.bytes > (chunks?.bytes ?? 0));
  await offerPatch(own, old, next);
  const other = await own.publish('other', { only: 'this' });
  for (const seeds of [[], [{ folder: other.folder }], [{ folder: old.folder, isForeign: true }]]) {
    await removeAgain();
    const { patchedBytes } = await fetchTree({ ...options, seeds });
    assert.equal(patchedBytes, 0);
    await isRight();
  }
});

test('a patch that breaks off goes on where it was, also in a later attempt', async (t) => {
  const { own, old, next, server, state, options, isRight } = await twoVersions(t);
  const patch = await offerPatch(own, old, next);
  state.path = `/o/${testDomain}/${patch}`;
  state.cut = 10_000;
  const end = new AbortController();
  const stopped = fetchTree({
    ...options,
    signal: end.signal,
    log: { ...quiet, warn: () => assert.fail('it was given up') },
    source: {
      attempt: async (_path, use, signal) => {
        try {
          return await use(options.source as never);
        } catch (error) {
          end.abort(error);
          signal?.throwIfAborted();
          throw error;
        }
      },
    },
  });
  await assert.rejects(stopped);
  server.requests.length = 0;
  const { fetchedBytes } = await fetchTree(options);
  await isRight();
  assert.equal(server.requests[1], `GET /o/${testDomain}/${patch} bytes=10000-`);
  const size = (await own.repository.objectSize(testDomain, patch)) ?? 0;
  assert.ok(fetchedBytes < size - 10_000 + 400);
});

/** XYLEM_PATCH_STRIDE=1 tries each byte. */
const stride = Number(process.env.XYLEM_PATCH_STRIDE ?? 13);
const places = (bytes: number): number[] =>
  Array.from({ length: Math.ceil(bytes / stride) }, (_, n) => n * stride);

async function smallVersions(t: TestContext) {
  const lines = text('lib', 3_000);
  const first = { 'a.js': lines, 'bin/run*': noise('run', 70_000), gone: 'gone' };
  const second = {
    'a.js': Buffer.concat([Buffer.from('// more\n'), lines]),
    'bin/run*': noise('run', 70_001),
    'b.txt': text('b', 200),
  };
  const versions = await twoVersions(t, first, second);
  const patch = await offerPatch(versions.own, versions.old, versions.next);
  const bytes = await readFile(versions.own.repository.objectPath(testDomain, patch));
  versions.state.path = `/o/${testDomain}/${patch}`;
  return { ...versions, patch, bytes };
}

test('a source that gives nothing of a patch is asked twice, and then for chunks', async (t) => {
  const { server, state, options, isRight } = await smallVersions(t);
  state.cut = 0;
  server.requests.length = 0;
  assert.equal((await fetchTree(options)).patchedBytes, 0);
  await isRight();
  assert.equal(server.requests.filter((line) => line.startsWith(`GET ${state.path}`)).length, 2);
});

test('a small patch with a wrong byte, on the wire or in itself, never gives a wrong tree', async (t) => {
  const { own, old, next, state, options, isRight, removeAgain, bytes } = await smallVersions(t);
  // At every byte, with another source: breaks.test.ts.
  for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
    state.flipped = at;
    const { patchedBytes } = await fetchTree(options);
    await isRight();
    assert.equal(patchedBytes, 0, `flipped on the wire at ${at}`);
    await removeAgain();
  }
  state.path = '';
  for (const at of places(bytes.length)) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await putPatch(own, old.tree, next.tree, changed);
    await fetchTree(options);
    await isRight();
    await removeAgain();
  }
});

const quiet = { debug: () => undefined, info: () => undefined, error: () => undefined } as const;

test('a host that is killed at any moment goes on with the patch', async (t) => {
  const { own, old, next, server, options, isRight } = await twoVersions(t);
  const patch = await offerPatch(own, old, next);
  const words = [server.url, next.tree, options.into, options.seeds?.[0]?.folder ?? ''];
  const isThere = async (): Promise<boolean> => (await lstat(options.into).catch(() => null)) !== null;
  for (let afterMs = 0; !(await isThere()); afterMs += 15) {
    const child = spawn(process.execPath, [fetchMain, ...words], { stdio: 'inherit' });
    const kill = setTimeout(() => child.kill('SIGKILL'), 100 + afterMs);
    await once(child, 'exit');
    clearTimeout(kill);
  }
  await fetchTree(options);
  await isRight();
  assert.ok(server.requests.some((line) => line.startsWith(`GET /o/${testDomain}/${patch}`)));
  assert.ok(!server.requests.some((line) => line.includes('/offers/')), 'no chunk was needed');
});

test('what is no patch, one of other trees, and one with a wrong byte lead to chunks, and say so', async (t) => {
  const { own, old, next, options, isRight, removeAgain } = await twoVersions(t);
  const good = await readFile(own.repository.objectPath(testDomain, await offerPatch(own, old, next)));
  const wrong = [
    Buffer.from('nothing of the kind'),
    good.subarray(0, good.length / 2),
    Buffer.concat([good, Buffer.from([0])]),
    ...[9, 45, 200, good.length >> 1, good.length - 5].map((at) => {
      const changed = Buffer.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      return changed;
    }),
  ];
  for (const bytes of wrong) {
    const patch = await putPatch(own, old.tree, next.tree, bytes);
    const said: unknown[] = [];
    const told: RoadChoice[] = [];
    const log = { ...quiet, warn: (event: string) => said.push(event) };
    const onRoads = (one: RoadChoice): unknown => told.push(one);
    const { patchedBytes } = await fetchTree({ ...options, log: log as never, onRoads });
    await isRight();
    assert.deepEqual(said, ['patch led nowhere'], `${wrong.indexOf(bytes)} of ${good.length}`);
    assert.equal(patchedBytes, 0);
    assert.equal(told[0]?.kind, 'patch');
    const { kind, why, roads } = told.at(-1) ?? assert.fail();
    assert.deepEqual([kind, why], ['chunks', 'the patch led nowhere']);
    const [code] = roads.flatMap(({ nowhere }) => (nowhere === undefined ? [] : [nowhere.code]));
    assert.match(code ?? '', /^E_(PATCH_INVALID|FORMAT_UNSUPPORTED)$/);
    await own.repository.removeObject(testDomain, patch);
    await removeAgain();
  }
});

test('an old file that was changed or is gone leads to chunks for what was made of it', async (t) => {
  const { own, old, next, options, isRight, removeAgain } = await twoVersions(t);
  await offerPatch(own, old, next);
  const installed = options.seeds?.[0]?.folder ?? '';
  const run = join(installed, 'bin/run');
  const bytes = await readFile(run);
  bytes[5] = (bytes[5] ?? 0) ^ 1;
  await rm(run);
  await writeFile(run, bytes, { mode: 0o755 });
  await fetchTree(options);
  await isRight();
  await removeAgain();
  await rm(run);
  await fetchTree(options);
  await isRight();
});
