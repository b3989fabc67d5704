import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools } from '../driver.ts';
import { readImageLayout, type TreeImage } from './image-layout.ts';
import { containerPlaces, imageName, imagePrefix } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';

/** A slow disk may take long over many gigabytes. */
const loadMs = 3_600_000;
const referenceAnnotation = 'org.opencontainers.image.ref.name';

/**
 * Brings the image of a placed tree into podman's store, unless it is there whole. podman commits an image after all
 * of its layers, so one that was cut off is none.
 * @returns the image's id
 * @throws XylemError E_PACKAGE_INVALID, E_DISK_FULL, E_PODMAN
 */
export async function ensureImage({ component, tree }: Placed, tools: DriverTools): Promise<string> {
  const { layout, signal } = tools;
  const source = layout.component(component).tree(tree);
  const image = await readImageLayout(source, component);
  const name = imageName(layout.root, component, tree);
  if ((await idOf(name, tools)) === image.id) return image.id;
  const { load, temporary, loadPath } = containerPlaces(layout);
  const path = loadPath(component, tree);
  // What a load that was killed left.
  for (const folder of [load, temporary]) await rm(folder, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await writeNamedLayout(join(load, path), source, image, name);
    // podman 4 names it after the path, podman 5 after what follows.
    const args = ['pull', '--quiet', `oci:${path}:${name}`];
    const place = { cwd: load, temporary };
    const doing = `loading the image of ${component}`;
    const said = await podman(doing, args, { signal, timeoutMs: loadMs, ...place });
    if (said.trim() === image.id) return image.id;
    throw new XylemError('E_PODMAN', `${doing}: podman names it ${said.trim()}, expected ${image.id}.`);
  } finally {
    for (const folder of [load, temporary]) {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/**
 * The name is given here: what a publisher wrote into a layout could take that of another image of this host.
 */
async function writeNamedLayout(
  into: string,
  source: string,
  { manifest }: TreeImage,
  name: string,
): Promise<void> {
  await mkdir(into, { recursive: true, mode: 0o700 });
  const index = {
    schemaVersion: 2,
    manifests: [{ ...manifest, annotations: { [referenceAnnotation]: name } }],
  };
  await writeFileAtomic(join(into, 'index.json'), JSON.stringify(index));
  await writeFileAtomic(join(into, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await symlink(join(source, 'blobs'), join(into, 'blobs'));
}

/** Null where there is no whole image of that name. */
async function idOf(name: string, { signal }: Pick<DriverTools, 'signal'>): Promise<string | null> {
  try {
    const said = await podman('looking at images', ['image', 'inspect', '--format', '{{.Id}}', name], {
      signal,
    });
    return said.trim().replace(/^sha256:/, '');
  } catch (error) {
    // It says 125 for every reason; what is really wrong is met by the load.
    if (error instanceof PodmanFailure && error.exitCode !== null) return null;
    throw error;
  }
}

/** Removes the images of a component's trees but those to keep; an image that has another name too only loses ours. */
export async function removeImages(
  component: string,
  keep: ReadonlySet<string>,
  { layout, log, signal }: Pick<DriverTools, 'layout' | 'log' | 'signal'>,
): Promise<void> {
  const prefix = imagePrefix(layout.root, component);
  const kept = new Set([...keep].map((tree) => imageName(layout.root, component, tree)));
  const listed = await podman(
    'listing images',
    ['images', '--noheading', '--format', '{{.Repository}}:{{.Tag}}'],
    {
      signal,
    },
  );
  for (const name of listed.split('\n').map((line) => line.trim())) {
    if (!name.startsWith(prefix) || kept.has(name)) continue;
    try {
      await podman(`removing the image ${name}`, ['rmi', name], { signal });
    } catch (error) {
      if (!(error instanceof PodmanFailure) || !/in use|used by/.test(error.output)) throw error;
      // Somebody made a container of it: theirs stays, without our name.
      log.warn('an image is used by a container that is not ours', { component, cause: error });
      await podman(`untagging ${name}`, ['untag', name, name], { signal });
    }
  }
}
