import { execFile } from 'node:child_process';
import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { XylemError } from '@xylem/core';

/** One layer where it lies: a tar archive, compressed or not. */
export interface LayerSource {
  readonly file: string;
  /** Of the file's bytes, where the source says it. */
  readonly digest: string | null;
}

/** One image of a source. */
export interface ImageSource {
  readonly config: Uint8Array;
  readonly layers: readonly LayerSource[];
}

/** What a source may hold beside each other. */
export interface Wanted {
  /** As it is named in the layout or archive; absent: the only one. */
  readonly image?: string | undefined;
  readonly os?: string | undefined;
  readonly arch?: string | undefined;
}

/** Names of the Open Container Initiative for what Node calls otherwise. */
const archNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
const ociArch = (arch: string): string => archNames[arch] ?? arch;
export const ownArch = (arch: string): string =>
  Object.entries(archNames).find(([, oci]) => oci === arch)?.[0] ?? arch;

const mostJsonBytes = 16 * 1024 * 1024;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

export const wrong = (source: string, what: string): XylemError =>
  new XylemError('E_INPUT', `${source} holds no image that can be published: ${what}.`);

/**
 * The image in an OCI image layout, or in an archive as `docker save` and `podman save` write them.
 * @param scratch an empty folder, for what an archive holds
 * @throws XylemError E_INPUT saying what is wrong with the source
 */
export async function openImage(source: string, wanted: Wanted, scratch: string): Promise<ImageSource> {
  const isFolder = (await stat(source)).isDirectory();
  const folder = isFolder ? source : await unpacked(source, join(scratch, 'unpacked'));
  const read = (name: string): Promise<Json> => readJson(source, folder, name);
  if (await isThere(join(folder, 'index.json'))) return await fromLayout(source, folder, read, wanted);
  if (await isThere(join(folder, 'manifest.json'))) return await fromDocker(source, folder, read, wanted);
  throw wrong(source, 'it has neither index.json nor manifest.json');
}

type Json = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : {};
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** An OCI image layout: its index may lead to further ones, by platform. */
async function fromLayout(
  source: string,
  folder: string,
  read: (name: string) => Promise<Json>,
  { image, os, arch }: Wanted,
): Promise<ImageSource> {
  const blob = (descriptor: unknown): string => {
    const { digest } = objectOf(descriptor);
    if (typeof digest !== 'string' || !digestPattern.test(digest))
      throw wrong(source, 'a digest is malformed');
    return `blobs/sha256/${digest.slice(7)}`;
  };
  const manifests: { name: string | null; platform: Json; descriptor: Json }[] = [];
  const gather = async (index: Json, inherited: string | null, depth: number): Promise<void> => {
    if (depth > 4) throw wrong(source, 'its indexes lead to each other');
    for (const entry of listOf(index.manifests).map(objectOf)) {
      const own = objectOf(entry.annotations)['org.opencontainers.image.ref.name'];
      const name = typeof own === 'string' ? own : inherited;
      if (/image\.index|manifest\.list/.test(String(entry.mediaType))) {
        await gather(await read(blob(entry)), name, depth + 1);
      } else manifests.push({ name, platform: objectOf(entry.platform), descriptor: entry });
    }
  };
  await gather(await read('index.json'), null, 0);
  const fits = manifests.filter(
    ({ name, platform }) =>
      (image === undefined || isNamed(name, image)) &&
      // Statements about an image stand beside it, for no platform.
      platform.os !== 'unknown' &&
      (arch === undefined || (platform.architecture ?? ociArch(arch)) === ociArch(arch)) &&
      (os === undefined || (platform.os ?? os) === os),
  );
  const [found] = fits;
  if (found === undefined || fits.length !== 1)
    throw choose(
      source,
      manifests.map(({ name }) => name),
      fits.length,
    );
  const { config, layers } = await read(blob(found.descriptor));
  return {
    config: await readFile(inside(folder, blob(config))),
    layers: listOf(layers).map((layer) => ({
      file: inside(folder, blob(layer)),
      digest: blob(layer).slice('blobs/sha256/'.length),
    })),
  };
}

/** The older form of `docker save`, which podman writes too. */
async function fromDocker(
  source: string,
  folder: string,
  read: (name: string) => Promise<Json>,
  { image }: Wanted,
): Promise<ImageSource> {
  const images = listOf(await read('manifest.json')).map(objectOf);
  const names = (entry: Json): string[] => listOf(entry.RepoTags).map(String);
  const fits = images.filter(
    (entry) => image === undefined || names(entry).some((name) => isNamed(name, image)),
  );
  const [found] = fits;
  if (found === undefined || fits.length !== 1) throw choose(source, images.flatMap(names), fits.length);
  const path = async (name: unknown): Promise<string> => {
    // Older versions write a layer that two images share once, and a link beside it.
    const real = await realpath(inside(folder, String(name))).catch(() => null);
    if (real === null || !real.startsWith((await realpath(folder)) + sep)) {
      throw wrong(source, `${String(name)} is not in it`);
    }
    return real;
  };
  const layers: LayerSource[] = [];
  for (const name of listOf(found.Layers)) layers.push({ file: await path(name), digest: null });
  return { config: await readFile(await path(found.Config)), layers };
}

/** `shop:1.0` is found as `docker.io/library/shop:1.0` and `localhost/shop:1.0` too. */
function isNamed(name: string | null, wanted: string): boolean {
  return name === wanted || name?.endsWith(`/${wanted}`) === true;
}

function choose(source: string, names: readonly (string | null)[], count: number): XylemError {
  const known = [...new Set(names)].map((name) => name ?? 'one without a name').join(', ') || 'none';
  const what = count === 0 ? 'none of its images fits' : `${count} of its images fit`;
  return wrong(source, `${what}; it holds ${known}. Say container.image and arch in xylem.yaml`);
}

function inside(folder: string, name: string): string {
  if (name.split('/').includes('..')) throw wrong(folder, `${name} leads out of it`);
  return join(folder, name);
}

/** @throws XylemError E_INPUT when it is no archive */
async function unpacked(archive: string, into: string): Promise<string> {
  await mkdir(into);
  await new Promise<void>((resolve, reject) => {
    execFile('tar', ['-xf', archive, '-C', into, '--no-same-owner'], (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(wrong(archive, `tar can't read it: ${(stderr || error.message).trim().slice(0, 500)}`));
    });
  });
  return into;
}

async function readJson(source: string, folder: string, name: string): Promise<Json> {
  const path = inside(folder, name);
  try {
    if ((await stat(path)).size > mostJsonBytes) throw new Error(`it is larger than ${mostJsonBytes} bytes`);
    return JSON.parse(await readFile(path, 'utf8')) as Json;
  } catch (cause) {
    throw wrong(source, `${name} can't be read: ${(cause as Error).message}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

/** Whether an archive looks like an image's; a look at its names alone. */
export async function isImageArchive(archive: string): Promise<boolean> {
  return await new Promise((resolve) => {
    execFile('tar', ['-tf', archive], { maxBuffer: 16 * 1024 * 1024 }, (error, stdout) => {
      const names = error === null ? stdout.split('\n').map((name) => name.replace(/^\.\//, '')) : [];
      resolve(names.includes('manifest.json') || names.includes('oci-layout'));
    });
  });
}
