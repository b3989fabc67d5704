import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { syncFolder } from '@xylem/platform';
import { generateKey, type KeyPair, loadKeyFile, type RootState, saveKeyFile, shortId } from '@xylem/trust';

/** The keys that a root server signs with for one direction repository. Its root key may be an operator's. */
export interface DirectionKeys {
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
type DirectionName = (typeof directionNames)[number];

export function makeDirectionKeys(): Record<DirectionName, KeyPair> {
  return { root: generateKey(), director: generateKey(), snapshot: generateKey(), timestamp: generateKey() };
}

/** All four files or none: written beside, then renamed. */
export async function saveDirectionKeys(
  folder: string,
  environment: string,
  keys: Record<DirectionName, KeyPair>,
): Promise<void> {
  const { directions, direction } = keyFiles(folder);
  const beside = join(directions, `.tmp-${environment}`);
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { recursive: true, mode: 0o700 });
  for (const name of directionNames) await saveKeyFile(join(beside, `${name}.pem`), keys[name]);
  await rename(beside, direction(environment));
  await syncFolder(directions);
}

/** @throws XylemError E_KEY_INVALID: a key that the root names is not here */
export async function loadDirectionKeys(
  folder: string,
  environment: string,
  root: RootState,
): Promise<DirectionKeys> {
  const at = keyFiles(folder).direction(environment);
  const held = await heldKeys(at);
  return {
    director: named(at, held, root, 'targets'),
    snapshot: named(at, held, root, 'snapshot'),
    timestamp: named(at, held, root, 'timestamp'),
  };
}

export async function saveReleaseKeys(folder: string, keys: ReleaseKeys): Promise<void> {
  const { release } = keyFiles(folder);
  await mkdir(release, { recursive: true, mode: 0o700 });
  await saveKeyFile(join(release, 'snapshot.pem'), keys.snapshot);
  await saveKeyFile(join(release, 'timestamp.pem'), keys.timestamp);
}

/** @throws XylemError E_KEY_INVALID: a key that the root names is not here */
export async function loadReleaseKeys(folder: string, root: RootState): Promise<ReleaseKeys> {
  const { release } = keyFiles(folder);
  const held = await heldKeys(release);
  return {
    snapshot: named(release, held, root, 'snapshot'),
    timestamp: named(release, held, root, 'timestamp'),
  };
}

/** All keys of a folder, by key id: which of them count is the root metadata's word, not the files'. */
export async function heldKeys(folder: string): Promise<ReadonlyMap<string, KeyPair>> {
  const keys = new Map<string, KeyPair>();
  for (const file of await pemFiles(folder)) {
    const key = await loadKeyFile(join(folder, file));
    keys.set(key.keyId, key);
  }
  return keys;
}

/** A new key beside the others. It counts from the root metadata on that names it. */
export async function addKey(folder: string, name: string): Promise<KeyPair> {
  const key = generateKey();
  await saveKeyFile(join(folder, `${name}-${shortId(key.keyId)}.pem`), key);
  return key;
}

/** Removes the keys of a folder that the root does not name: replaced ones, and those of changes given up. */
export async function dropUnnamedKeys(folder: string, root: RootState): Promise<void> {
  const wanted = new Set(
    Object.values(root.roles).flatMap(({ keys }: { keys: readonly { keyId: string }[] }) =>
      keys.map(({ keyId }) => keyId),
    ),
  );
  for (const file of await pemFiles(folder)) {
    const { keyId } = await loadKeyFile(join(folder, file));
    if (!wanted.has(keyId)) await rm(join(folder, file));
  }
  await syncFolder(folder);
}

function named(
  folder: string,
  held: ReadonlyMap<string, KeyPair>,
  root: RootState,
  role: 'targets' | 'snapshot' | 'timestamp',
): KeyPair {
  for (const { keyId } of root.roles[role].keys) {
    const key = held.get(keyId);
    if (key !== undefined) return key;
  }
  throw new XylemError(
    'E_KEY_INVALID',
    `${folder} holds no ${role} key that root metadata ${root.version} names. Restore the newest backup, or rotate the key.`,
  );
}

async function pemFiles(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => /^[^.].*\.pem$/.test(file)).toSorted();
  } catch (cause) {
    throw new XylemError('E_KEY_INVALID', `The keys in ${folder} can't be read.`, { cause });
  }
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
