import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { publishTree } from '@xylem/store';
import { run, tempFolder } from '@xylem/testkit';
import { normaliseImage } from './normalise.ts';

const sha = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const plainLayers = ['first layer', 'second layer'].map((text) => Buffer.from(text.repeat(2_000)));
const config = JSON.stringify({
  os: 'linux',
  architecture: 'amd64',
  rootfs: { type: 'layers', diff_ids: plainLayers.map((bytes) => `sha256:${sha(bytes)}`) },
});

function put(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** An OCI layout whose layers are compressed by `pack`, with the image under `name`. */
function layoutFiles(
  pack: (bytes: Buffer) => Buffer,
  name?: string,
  configText = config,
  layers = plainLayers,
) {
  const files: Record<string, string | Uint8Array> = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  const blob = (bytes: string | Uint8Array) => {
    files[`blobs/sha256/${sha(bytes)}`] = bytes;
    return { digest: `sha256:${sha(bytes)}`, size: Buffer.byteLength(bytes) };
  };
  const manifest = {
    schemaVersion: 2,
    config: blob(configText),
    layers: layers.map((one) => blob(pack(one))),
  };
  const annotations =
    name === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': name } };
  files['index.json'] = JSON.stringify({
    manifests: [{ ...blob(JSON.stringify(manifest)), ...annotations }],
  });
  return files;
}

const asTree = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), sha(readFileSync(path))]),
  );

async function normalised(t: TestContext, source: string, wanted = {}) {
  return await normaliseImage(source, wanted, await tempFolder(t, 'scratch'));
}

test('the same image is the same tree, however its layers were compressed or archived', async (t) => {
  const at = await tempFolder(t, 'image');
  const sources = {
    gzip: layoutFiles(gzipSync),
    zstd: layoutFiles(zstdCompressSync),
    plain: layoutFiles((x) => x),
  };
  for (const [name, files] of Object.entries(sources)) put(join(at, name), files);
  put(join(at, 'docker'), {
    'manifest.json': JSON.stringify([
      { Config: 'c.json', RepoTags: ['shop:1'], Layers: ['0/layer.tar', '1/layer.tar'] },
    ]),
    'c.json': config,
    '0/layer.tar': plainLayers[0] ?? '',
    'shared.tar': plainLayers[1] ?? '',
  });
  mkdirSync(join(at, 'docker', '1'));
  symlinkSync('../shared.tar', join(at, 'docker', '1', 'layer.tar'));
  for (const name of ['gzip', 'docker']) {
    await run('tar', ['-C', join(at, name), '-cf', join(at, `${name}.tar`), '.']);
  }
  const trees = [];
  for (const name of ['gzip', 'zstd', 'plain', 'gzip.tar', 'docker.tar']) {
    const { folder, ...image } = await normalised(t, join(at, name));
    assert.deepEqual(image, { id: sha(config), os: 'linux', arch: 'x64' }, name);
    trees.push(asTree(folder));
  }
  for (const tree of trees) assert.deepEqual(tree, trees[0]);
  const blobs = Object.keys(trees[0] ?? {});
  for (const bytes of [...plainLayers, config]) assert.ok(blobs.includes(`blobs/sha256/${sha(bytes)}`));
});

test('a small change within a layer costs about that change', async (t) => {
  const at = await tempFolder(t, 'image');
  // Compressible, and without any two places alike.
  const words = Array.from({ length: 40_000 }, (_, i) => sha(String(i)).slice(0, 40)).join('\n');
  const known = new Set<string>();
  const sentBytes: number[] = [];
  for (const changed of ['', 'one word more\n']) {
    const text = Buffer.from(changed + words);
    const own = JSON.stringify({
      ...JSON.parse(config),
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha(text)}`] },
    });
    const folder = join(at, `v${sentBytes.length}`);
    put(folder, layoutFiles(gzipSync, undefined, own, [text]));
    const published = await publishTree({
      folder: (await normalised(t, folder)).folder,
      sink: {
        scratchFolder: await tempFolder(t, 'packs'),
        knownChunks: async (digests) => new Set(digests.filter((digest) => known.has(digest))),
        putPack: async ({ frames }) => {
          for (const [, , , chunks] of frames) for (const [digest] of chunks) known.add(digest);
        },
      },
    });
    sentBytes.push(published.packedBytes);
  }
  const [first = 0, second = 0] = sentBytes;
  assert.ok(first > 500_000 && second < first / 4, `${first} bytes, then ${second}`);
});

test('of several images the named one is published', async (t) => {
  const at = await tempFolder(t, 'image');
  const other = config.replace('amd64', 'arm64');
  const [a, b] = [layoutFiles(gzipSync, 'docker.io/library/shop:1'), layoutFiles(gzipSync, 'shop:2', other)];
  const of = (files: typeof a): unknown[] => JSON.parse(String(files['index.json'])).manifests as unknown[];
  put(at, { ...a, ...b, 'index.json': JSON.stringify({ manifests: [...of(a), ...of(b)] }) });
  assert.equal((await normalised(t, at, { image: 'shop:1' })).arch, 'x64');
  assert.equal((await normalised(t, at, { image: 'shop:2', arch: 'arm64' })).arch, 'arm64');
  await assert.rejects(normalised(t, at), {
    code: 'E_INPUT',
    message: /2 of its images fit.*shop:1, shop:2/,
  });
  await assert.rejects(normalised(t, at, { image: 'shop:3' }), { message: /none of its images fits/ });
  await assert.rejects(normalised(t, at, { image: 'shop:2', arch: 'x64' }), {
    code: 'E_INPUT',
    message: /it is for arm64, and the variant says x64/,
  });
});

test('what is damaged or no image is refused before anything is sent', async (t) => {
  const at = await tempFolder(t, 'image');
  const cases: Record<string, [Record<string, string | Uint8Array>, RegExp]> = {
    empty: [{ readme: 'no image' }, /neither index\.json nor manifest\.json/],
    changed: [
      layoutFiles(gzipSync, undefined, config.replace(/sha256:[0-9a-f]{4}/, 'sha256:0000')),
      /layer 1 has the digest/,
    ],
    escaping: [
      { 'manifest.json': JSON.stringify([{ Config: '../../etc/passwd', Layers: [] }]) },
      /leads out of it/,
    ],
  };
  for (const [name, [files, message]] of Object.entries(cases)) {
    put(join(at, name), files);
    await assert.rejects(normalised(t, join(at, name)), { code: 'E_INPUT', message }, name);
  }
  const damaged = layoutFiles(gzipSync);
  const [first] = Object.keys(damaged).filter((path) => path.includes(sha(gzipSync(plainLayers[0] ?? ''))));
  put(join(at, 'damaged'), { ...damaged, [first ?? '']: gzipSync(Buffer.from('other')) });
  await assert.rejects(normalised(t, join(at, 'damaged')), {
    code: 'E_INPUT',
    message: /a layer was damaged/,
  });
  writeFileSync(join(at, 'noise.tar'), 'no archive');
  await assert.rejects(normalised(t, join(at, 'noise.tar')), {
    code: 'E_INPUT',
    message: /tar can't read it/,
  });
});
