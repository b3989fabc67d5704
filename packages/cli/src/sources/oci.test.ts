import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, installDebian, startProcess, tempFolder, waitUntil } from '@xylem/testkit';
import { rootHere } from '../testing/root-here.ts';

const missing = await installDebian('skopeo', 'docker-registry');

/** An OCI image layout of one layer with one file. */
async function writeImage(folder: string, text: string): Promise<string> {
  const layout = join(folder, 'layout');
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const put = (bytes: string | Buffer, mediaType: string) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(bytes) };
  };
  writeFileSync(join(folder, 'page'), text);
  const tar = execFileSync('tar', ['-c', '--owner=0', '--group=0', '-C', folder, 'page']);
  const layer = put(tar, 'application/vnd.oci.image.layer.v1.tar');
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = { architecture: 'amd64', os: 'linux', config: { Cmd: ['/page'] }, rootfs };
  const manifest = {
    schemaVersion: 2,
    config: put(JSON.stringify(config), 'application/vnd.oci.image.config.v1+json'),
    layers: [layer],
  };
  const top = put(JSON.stringify(manifest), 'application/vnd.oci.image.manifest.v1+json');
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }));
  return layout;
}

test('tags of an image in a real registry become releases', { skip: missing?.skip ?? false }, async (t) => {
  const folder = await tempFolder(t, 'registry');
  const port = await freePort();
  const settings = join(folder, 'registry.yml');
  const storage = `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} } }`;
  writeFileSync(
    settings,
    `version: 0.1\nlog: { level: warn }\n${storage}\nhttp: { addr: "127.0.0.1:${port}" }\n`,
  );
  await startProcess({ context: t, command: '/usr/bin/docker-registry', args: ['serve', settings] });
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => null))?.ok, 60_000);
  const image = `127.0.0.1:${port}/acme/shop`;
  const push = async (tag: string) => {
    const layout = await writeImage(await tempFolder(t, 'image'), `shop ${tag}`);
    const args = ['copy', '--quiet', '--dest-tls-verify=false', `oci:${layout}`, `docker://${image}:${tag}`];
    execFileSync('skopeo', args);
  };
  await push('v1.0.0');
  await push('latest');

  const root = await rootHere(t);
  const made = await tempFolder(t, 'made');
  const manifest =
    'product: shop\ncomponent: shop\nversion: 0.0.0\nkind: container\nfolder: image\ncontainer: {}\n';
  writeFileSync(join(made, 'shop-image.yaml'), manifest);
  const packages = 'packages: [{ folder: ., manifest: shop-image.yaml }]';
  const file = join(made, 'shop.yaml');
  writeFileSync(
    file,
    `source: shop\noci: { image: "${image}", tags: "v*", plainHttp: true }\n${packages}\nchannel: stable\n`,
  );
  const synced = async () => {
    const { code, stdout, stderr } = await root.xylem(['source', 'sync', file, '--json']);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { did: string; version: string };
  };
  assert.deepEqual({ ...(await synced()), said: '' }, { version: '1.0.0', did: 'release', said: '' });
  await push('v1.1.0');
  assert.equal((await synced()).version, '1.1.0');
  assert.equal((await synced()).did, 'nothing');
});
