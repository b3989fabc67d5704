import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EnvironmentId,
  encodeTrustMap,
  type HostId,
  isEnvironmentId,
  isHostId,
  jcsBytes,
  type TrustMap,
  XylemError,
} from '@xylem/core';
import { syncFolder, writeFileAtomic } from '@xylem/platform';
import { checkTrustMap } from '../enrolment/trust-map.ts';
import { loadKeyFile, saveKeyFile } from '../keys/key-file.ts';
import { generateKey, type KeyPair } from '../keys/key-pair.ts';
import { keepFirstKey } from './first-key.ts';

/** Who this host is. */
export interface Identity {
  readonly host: HostId;
  readonly environment: { readonly id: EnvironmentId; readonly name: string };
  readonly name: string;
  /** Whether it is to be a relay, as it joined or was told since; what it may serve stands in its certificate. */
  readonly serve: boolean;
  /** Where it pulls from unless the host map says otherwise. */
  readonly parents: readonly string[];
  readonly key: KeyPair;
  readonly certificatePem: string;
  readonly caPem: string;
  readonly trustMap: TrustMap;
  /** Someone at this host allowed parents that are reached in the clear. Absent: no. */
  readonly plainHttp?: boolean;
}

const maxFileBytes = 4 * 1024 * 1024;

/**
 * Writes the folder: `key.pem` (0600), `ca.pem`, `cert.pem`, `trust-map.json`, and last `host.json`, with which the
 * host counts as joined. Interrupted before that it has not joined, and joins again with the same key.
 */
export async function saveIdentity(folder: string, identity: Identity): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await saveKeyFile(join(folder, 'key.pem'), identity.key);
  await writeFileAtomic(join(folder, 'ca.pem'), identity.caPem);
  await writeFileAtomic(join(folder, 'cert.pem'), identity.certificatePem);
  await writeFileAtomic(join(folder, 'trust-map.json'), encodeTrustMap(identity.trustMap));
  await saveHostDocument(folder, identity);
}

/** Writes `cert.pem` anew after a renewal, then `host.json` with the role that came with it. */
export async function saveRenewed(folder: string, identity: Identity): Promise<void> {
  await writeFileAtomic(join(folder, 'cert.pem'), identity.certificatePem);
  await saveHostDocument(folder, identity);
}

/**
 * The key that this host is about to have, made and kept before anybody hears of it, so that whatever breaks off goes on
 * with the same one.
 */
export async function loadNextKey(folder: string): Promise<KeyPair> {
  const path = join(folder, 'next-key.pem');
  if ((await readOrNull(path)) !== null) return await loadKeyFile(path);
  const key = generateKey();
  await saveKeyFile(path, key);
  return key;
}

/**
 * Takes the next key into use with its certificate. The certificate first: a start in between finds whose it is, and
 * `loadIdentity` gives the key that fits.
 */
export async function saveRekeyed(folder: string, host: HostId, certificatePem: string): Promise<void> {
  await keepFirstKey(folder, host);
  await writeFileAtomic(join(folder, 'cert.pem'), certificatePem);
  await rename(join(folder, 'next-key.pem'), join(folder, 'key.pem'));
  await syncFolder(folder);
}

/**
 * Makes this host a member of another environment: first in one file, with which it counts; a start in between writes the
 * rest (`finishMove`).
 */
export async function saveMoved(folder: string, identity: Identity): Promise<void> {
  const { environment, certificatePem, trustMap } = identity;
  const move = { format: 'xylem-move-1', environment, certificate: certificatePem, trustMap };
  await writeFileAtomic(join(folder, 'move.json'), jcsBytes(move));
  await finishMove(folder);
}

/** A move to another tenant that was begun, and is finished when what was sealed is wiped (docs/spec/moves.md). */
export interface Leaving {
  readonly from: EnvironmentId;
  readonly environment: { readonly id: EnvironmentId; readonly name: string };
  /** Data folders of components go along. */
  readonly keepData: boolean;
  /** Release repositories that it trusts there as well; what it has trusted else is the former tenant's. */
  readonly releases: readonly string[];
}

/**
 * Says that this host goes to another tenant, in one file, with which it counts. Nothing else changes before what it has
 * of the former tenant was wiped, and `finishMove` is told so.
 * @param identity as it will be; `parents`: as they will be
 */
export async function saveLeaving(
  folder: string,
  identity: Pick<Identity, 'environment' | 'certificatePem' | 'trustMap' | 'parents'>,
  leaving: Pick<Leaving, 'from' | 'keepData'>,
): Promise<void> {
  const { environment, certificatePem, trustMap, parents } = identity;
  const move = { environment, certificate: certificatePem, trustMap, parents: [...parents], ...leaving };
  await writeFileAtomic(join(folder, 'move.json'), jcsBytes({ format: 'xylem-move-2', ...move }));
}

/** The move to another tenant that was begun and is not finished, or null. @throws XylemError E_STATE_DAMAGED */
export async function leavingOf(folder: string): Promise<Leaving | null> {
  const path = join(folder, 'move.json');
  const text = await readOrNull(path);
  if (text === null) return null;
  const { format, environment, from, keepData, trustMap } = parse(path, text);
  if (format !== 'xylem-move-2') return null;
  const { id, name } = (environment ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !isEnvironmentId(id) || typeof name !== 'string') throw damaged(path);
  if (typeof from !== 'string' || !isEnvironmentId(from) || typeof keepData !== 'boolean')
    throw damaged(path);
  return { from, environment: { id, name }, keepData, releases: releasesOf(trustMap) };
}

/** Of what may be damaged: that is said by who takes it, after the wipe. */
function releasesOf(trustMap: unknown): string[] {
  const { repositories } = (trustMap ?? {}) as { repositories?: Record<string, { kind?: unknown } | null> };
  const named = Object.entries(repositories ?? {});
  return named.filter(([, repository]) => repository?.kind === 'release').map(([id]) => id);
}

/**
 * Brings the other files to what `move.json` says, and removes it; without one nothing is done. Repeatable.
 * @param wiped what the host had of a former tenant is gone
 * @throws XylemError E_BUSY for a move to another tenant before that
 */
export async function finishMove(folder: string, { wiped = false } = {}): Promise<void> {
  const path = join(folder, 'move.json');
  const text = await readOrNull(path);
  if (text === null) return;
  const { format, environment, certificate, trustMap, parents } = parse(path, text);
  const isLeaving = format === 'xylem-move-2';
  if (isLeaving && !wiped) {
    throw new XylemError(
      'E_BUSY',
      'This host is about to leave its tenant, and its agent has to finish that: xylem agent run.',
    );
  }
  const hostPath = join(folder, 'host.json');
  const host = await readOrNull(hostPath);
  if (!(isLeaving || format === 'xylem-move-1') || typeof certificate !== 'string' || host === null)
    throw damaged(path);
  const own = { ...parse(hostPath, host), environment, ...(isStrings(parents) ? { parents } : {}) };
  await writeFileAtomic(join(folder, 'cert.pem'), certificate);
  await writeFileAtomic(join(folder, 'trust-map.json'), encodeTrustMap(checkTrustMap(trustMap)));
  await writeFileAtomic(hostPath, jcsBytes(own));
  await rm(path);
  await syncFolder(folder);
}

/** The key that the certificate is for. @throws XylemError E_STATE_DAMAGED */
async function loadOwnKey(folder: string, certificatePem: string): Promise<KeyPair> {
  const isFor = ({ privateKey }: KeyPair): boolean =>
    new X509Certificate(certificatePem).checkPrivateKey(privateKey);
  const key = await loadKeyFile(join(folder, 'key.pem'));
  if (isFor(key)) return key;
  const nextPath = join(folder, 'next-key.pem');
  const next = (await readOrNull(nextPath)) === null ? null : await loadKeyFile(nextPath);
  if (next !== null && isFor(next)) return next;
  throw damaged(`${join(folder, 'key.pem')} does not belong to cert.pem: one of them`);
}

async function saveHostDocument(folder: string, identity: Identity): Promise<void> {
  const { host, environment, name, serve, parents, plainHttp } = identity;
  const own = { host, environment, name, serve, parents };
  const document = { format: 'xylem-identity-1', ...own, ...(plainHttp === true ? { plainHttp } : {}) };
  await writeFileAtomic(join(folder, 'host.json'), jcsBytes(document));
}

/**
 * The key of an interrupted joining, or null: joining again with it gives the same host id.
 * @throws XylemError E_KEY_INVALID
 */
export async function loadUnjoinedKey(folder: string): Promise<KeyPair | null> {
  const path = join(folder, 'key.pem');
  return (await readOrNull(path)) === null ? null : loadKeyFile(path);
}

/**
 * @returns null when the host has not joined
 * @throws XylemError E_STATE_DAMAGED, E_STATE_VERSION, E_KEY_INVALID, E_TRUST
 */
export async function loadIdentity(folder: string): Promise<Identity | null> {
  const path = join(folder, 'host.json');
  const text = await readOrNull(path);
  if (text === null) return null;
  const document = parse(path, text);
  if (document.format !== 'xylem-identity-1') {
    throw new XylemError('E_STATE_VERSION', `${path} was written by another version of this program.`);
  }
  const { host, name, serve, parents } = document;
  const environment = (document.environment ?? {}) as Record<string, unknown>;
  const { id, name: environmentName } = environment;
  if (
    typeof host !== 'string' ||
    !isHostId(host) ||
    typeof id !== 'string' ||
    !isEnvironmentId(id) ||
    typeof environmentName !== 'string' ||
    typeof name !== 'string' ||
    typeof serve !== 'boolean' ||
    !isStrings(parents)
  ) {
    throw damaged(path);
  }
  const certificatePem = await readCertificate(join(folder, 'cert.pem'));
  const mapPath = join(folder, 'trust-map.json');
  return {
    host,
    environment: { id, name: environmentName },
    name,
    serve,
    parents,
    ...(document.plainHttp === true ? { plainHttp: true } : {}),
    key: await loadOwnKey(folder, certificatePem),
    certificatePem,
    caPem: await readCertificate(join(folder, 'ca.pem'), (ca) => ca.verify(ca.publicKey)),
    trustMap: readTrustMap(mapPath, await readText(mapPath)),
  };
}

function readTrustMap(path: string, text: string): TrustMap {
  try {
    return checkTrustMap(parse(path, text));
  } catch (error) {
    if (!(error instanceof XylemError) || error.message.startsWith(path)) throw error;
    throw new XylemError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

/** Read here, so that a damaged one is said now, by name, and not by TLS at the first connection. */
async function readCertificate(
  path: string,
  isWhole: (certificate: X509Certificate) => boolean = ({ publicKey }) => publicKey.type === 'public',
): Promise<string> {
  const pem = await readText(path);
  let isRead = false;
  try {
    isRead = isWhole(new X509Certificate(pem));
  } catch {
    // Said below.
  }
  if (!isRead) throw damaged(path);
  return pem;
}

async function readText(path: string): Promise<string> {
  const text = await readOrNull(path);
  if (text === null) throw damaged(path);
  return text;
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > maxFileBytes) throw damaged(path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw damaged(path);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function damaged(path: string): XylemError {
  return new XylemError(
    'E_STATE_DAMAGED',
    `${path} is missing or damaged. Restore it, or join this host again.`,
  );
}
