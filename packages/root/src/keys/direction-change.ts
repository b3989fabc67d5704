import { fromB64u, timeOf, XylemError } from '@xylem/core';
import {
  checkNextRoot,
  coSign,
  draftRoot,
  metadataPath,
  publicKeyOf,
  type RoleKeys,
  type RootState,
} from '@xylem/trust';
import type { EnvironmentKeys, EnvironmentKeysNext, EnvironmentRootPut } from '../api/schemas/keys.ts';
import { appendAudit } from '../audit/audit.ts';
import { type EnvironmentRow, refOf } from '../environments/names.ts';
import {
  readCurrent,
  readOwnMetadata,
  readRepositoryFile,
  writeRepositoryFiles,
} from '../publishing/repository-files.ts';
import { requireBase } from '../publishing/roles.ts';
import type { Root } from '../root.ts';
import { addKey, dropUnnamedKeys, heldKeys, keyFiles } from './root-keys.ts';
import { newestRoot, readRoots } from './root-versions.ts';

/** By the names that people use; the director is TUF's targets role. */
const roleOf = { root: 'root', director: 'targets', snapshot: 'snapshot', timestamp: 'timestamp' } as const;

/** What is said about an environment's keys: its roots, when each role ends, and which keys this server holds. */
export async function showDirectionKeys(root: Root, row: EnvironmentRow): Promise<EnvironmentKeys> {
  const roots = await readRoots(root.repository, row.id);
  const held = await heldKeys(keyFiles(root.paths.keys).direction(row.id));
  const current = await readCurrent(root.repository, row.id);
  const ends: EnvironmentKeys['ends'] = {};
  if (current !== null) {
    const { timestamp, snapshot } = current;
    const version = readOwnMetadata(snapshot).listed['targets'] ?? 0;
    const targets = await readRepositoryFile(root.repository, row.id, metadataPath('targets', version));
    Object.assign(ends, {
      director: timeOf(readOwnMetadata(targets).expiresMs),
      snapshot: timeOf(readOwnMetadata(snapshot).expiresMs),
      timestamp: timeOf(readOwnMetadata(timestamp).expiresMs),
    });
  }
  return { environment: refOf(row), roots: roots.map(String), held: [...held.keys()].toSorted(), ends };
}

/**
 * Makes new keys for the roles that are to be rotated and drafts the root that names them, signed by the root keys that
 * this server holds. Nothing is in force before `takeDirectionRoot`.
 */
export async function draftDirectionRoot(
  root: Root,
  who: string,
  row: EnvironmentRow,
  body: EnvironmentKeysNext,
): Promise<{ base: number; metadata: string }> {
  const folder = keyFiles(root.paths.keys).direction(row.id);
  const present = await newestRoot(root.repository, row.id);
  const roles: Record<(typeof roleOf)[keyof typeof roleOf], RoleKeys> = { ...present.roles };
  const before = await heldKeys(folder);
  // A key that a restored backup lacks is replaced along: without it this server could sign nothing.
  const lost = (['director', 'snapshot', 'timestamp'] as const).filter(
    (name) => !present.roles[roleOf[name]].keys.some(({ keyId }) => before.has(keyId)),
  );
  for (const name of new Set([...body.rotate, ...lost])) {
    roles[roleOf[name]] = { keys: [await addKey(folder, name)] };
  }
  if (body.root !== undefined) {
    const keys = body.root.keys.map((text) => publicKeyOf(fromB64u(text)));
    roles.root = { keys, threshold: body.root.threshold };
  }
  const previous = present.bytes;
  const draft = await draftRoot({ roles, signers: [], nowMs: root.clock.now(), previous });
  const held = await heldKeys(folder);
  const signers = [...held.values()].filter(({ keyId }) =>
    [...present.roles.root.keys, ...roles.root.keys].some((key) => key.keyId === keyId),
  );
  const bytes = await coSign(draft.file.bytes, signers);
  const subject = `environment/${row.id}`;
  await appendAudit(root.db, root.clock.now(), {
    who,
    what: 'keys.prepare',
    subject,
    environment: row.id,
    after: { ...body },
  });
  return { base: present.version, metadata: Buffer.from(bytes).toString() };
}

/**
 * Takes the next root of an environment into force, signed by both thresholds, and signs with the keys that it names.
 * @throws XylemError E_CONFLICT, E_METADATA_SIGNATURE, E_METADATA_INVALID, E_INPUT (keys that this server must hold)
 */
export async function takeDirectionRoot(
  root: Root,
  who: string,
  row: EnvironmentRow,
  body: EnvironmentRootPut,
): Promise<{ version: number }> {
  const folder = keyFiles(root.paths.keys).direction(row.id);
  const nowMs = root.clock.now();
  const next = await root.db.transaction().execute(async (trx) => {
    // Inside the transaction, so that of two changes at once one sees the other.
    const present = await newestRoot(root.repository, row.id);
    requireBase('root', body.base, present.version);
    const taken = checkNextRoot(present.bytes, Buffer.from(body.metadata));
    requireHeld(taken, await heldKeys(folder), nowMs);
    await appendAudit(trx, nowMs, {
      who,
      what: 'keys.direction',
      subject: `environment/${row.id}`,
      environment: row.id,
      before: keyIdsOf(present),
      after: keyIdsOf(taken),
    });
    const file = { path: metadataPath('root', taken.version), bytes: taken.bytes };
    await writeRepositoryFiles(root.repository, row.id, [file]);
    return taken;
  });
  await root.directing.publish(row.id);
  await dropUnnamedKeys(folder, next);
  return { version: next.version };
}

/** Without them it could not go on signing, and every host would be left with what it has. */
function requireHeld(next: RootState, held: ReadonlyMap<string, unknown>, nowMs: number): void {
  for (const role of ['targets', 'snapshot', 'timestamp'] as const) {
    const { keys, threshold = 1 } = next.roles[role];
    if (threshold === 1 && keys.some(({ keyId }) => held.has(keyId))) continue;
    throw new XylemError(
      'E_INPUT',
      `This root server does not hold the ${role} key that the new root names, so it could sign nothing any more.`,
    );
  }
  if (next.expiresMs <= nowMs) throw new XylemError('E_METADATA_EXPIRED', 'The new root has expired.');
}

/** For the audit log: which keys, and how many must sign. */
export function keyIdsOf({ version, roles }: RootState): Record<string, unknown> {
  const short = ({ keys, threshold = 1 }: RoleKeys) => ({ keys: keys.map(({ keyId }) => keyId), threshold });
  const { root, targets, snapshot, timestamp } = roles;
  return {
    version,
    root: short(root),
    targets: short(targets),
    snapshot: short(snapshot),
    timestamp: short(timestamp),
  };
}
