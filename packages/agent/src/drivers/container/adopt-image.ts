import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DriverTools } from '../driver.ts';
import { containerPlaces } from './names.ts';
import { podman } from './podman.ts';

const saveMs = 3_600_000;

/**
 * Lays out the image of a container as the tree of a package has it, so that its layers need not come over the network:
 * podman writes them as they were before any compression, under the digests that the image's configuration names.
 * @returns the folder
 */
export async function layOut(component: string, image: string, tools: DriverTools): Promise<string> {
  const { layout, signal } = tools;
  const { laidOut, temporary } = containerPlaces(layout);
  await removeLaidOut(tools);
  const blobs = join(laidOut, 'blobs/sha256');
  await mkdir(dirname(blobs), { recursive: true, mode: 0o700 });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  const args = ['save', '--quiet', '--format=docker-dir', `--output=${blobs}`, image];
  await podman(`laying out the image of ${component}`, args, { signal, timeoutMs: saveMs, temporary });
  return laidOut;
}

/** Also what one that was killed left. */
export async function removeLaidOut({ layout }: Pick<DriverTools, 'layout'>): Promise<void> {
  const { laidOut, temporary } = containerPlaces(layout);
  for (const folder of [laidOut, temporary]) await rm(folder, { recursive: true, force: true });
}
