import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { syncFolder } from '@xylem/platform';
import { generateKey, type KeyPair, loadKeyFile, saveKeyFile } from '@xylem/trust';

/** The keys that a root server holds for one direction repository. */
export interface DirectionKeys {
  readonly root: KeyPair;
  readonly director: KeyPair;
  readonly snapshot: KeyPair;
  readonly timestamp: KeyPair;
}

/** For the release repository: what an online server must sign; root and targets are the vendor's. */
export interface ReleaseKeys {
  readonly snapshot: KeyPair;
  readonly timestamp: KeyPair;
}

/** Key files below the state folder's `keys`. */
export function keyFiles(folder: string) {
  return {
    ca: join(folder, 'ca'),
    collector: join(folder, 'collector.pem'),
    tls: join(folder, 'tls.pem'),
    release: join(folder, 'release'),
    directions: join(folder, 'direction'),
    direction: (environment: string) => join(folder, 'direction', environment),
  };
}

const directionNames = ['root', 'director', 'snapshot', 'timestamp'] as const;

export function makeDirectionKeys(): DirectionKeys {
  return { root: generateKey(), director: generateKey(), snapshot: generateKey(), timestamp: generateKey() };
}

/** All four files or none: written beside, then renamed. */
export async function saveDirectionKeys(
  folder: string,
  environment: string,
  keys: DirectionKeys,
): Promise<void> {
  const { directions, direction } = keyFiles(folder);
  const beside = join(directions, `.tmp-${environment}`);
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true, mode: 0o700 });
  for (const name of directionNames) await saveKeyFile(join(beside, `${name}.pem`), keys[name]);
  await rename(beside, direction(environment));
  await syncFolder(directions);
}

/** @throws XylemError E_KEY_INVALID */
export async function loadDirectionKeys(folder: string, environment: string): Promise<DirectionKeys> {
  const at = keyFiles(folder).direction(environment);
  const load = (name: string) => loadKeyFile(join(at, `${name}.pem`));
  return {
    root: await load('root'),
    director: await load('director'),
    snapshot: await load('snapshot'),
    timestamp: await load('timestamp'),
  };
}

export async function saveReleaseKeys(folder: string, keys: ReleaseKeys): Promise<void> {
  const { release } = keyFiles(folder);
  await mkdir(release, { recursive: true, mode: 0o700 });
  await saveKeyFile(join(release, 'snapshot.pem'), keys.snapshot);
  await saveKeyFile(join(release, 'timestamp.pem'), keys.timestamp);
}

/** @throws XylemError E_KEY_INVALID */
export async function loadReleaseKeys(folder: string): Promise<ReleaseKeys> {
  const { release } = keyFiles(folder);
  return {
    snapshot: await loadKeyFile(join(release, 'snapshot.pem')),
    timestamp: await loadKeyFile(join(release, 'timestamp.pem')),
  };
}

/** @throws XylemError E_STATE_DAMAGED: an installation without this key can't be continued, only restored */
export async function loadExistingKey(file: string): Promise<KeyPair> {
  try {
    return await loadKeyFile(file);
  } catch (cause) {
    throw new XylemError('E_STATE_DAMAGED', `The key ${file} can't be read. Restore it from the backup.`, {
      cause,
    });
  }
}
