import {
  type Assignment,
  type DesiredState,
  encodeDesiredState,
  parseDesiredState,
  timeOf,
} from '@xylem/core';
import { systemClock } from '@xylem/platform';
import {
  generateKey,
  loadKeyFile,
  metadataPath,
  publishRoles,
  type RepositoryFile,
  readSnapshot,
  readTimestamp,
  type Signer,
  signDirector,
} from '@xylem/trust';
import { forgedWords, type Getaround } from './forge-quarantine.ts';

/** Roles of a direction repository whose keys a thief may have. */
export type Stolen = 'director' | 'snapshot' | 'timestamp';

export interface Forgery {
  /** Key files by role: what is not here is signed by a key of the thief's own. */
  readonly keys: Readonly<Partial<Record<Stolen, string>>>;
  /** What hosts are to run. */
  readonly assignments: readonly Partial<Assignment>[];
  /** What he does about a quarantine; absent: he repeats what the genuine director says. */
  readonly quarantine?: {
    readonly known: NonNullable<DesiredState['quarantined']>[number];
    readonly getaround: Getaround;
  };
}

let lastMs = 0;

type Fetch = (path: string) => Promise<Buffer | null>;

/**
 * Metadata of the environment's direction that says what the thief wants, as far as his keys reach. With the director's
 * alone he gives his role the version that the genuine snapshot names: to its length and digest his key does not reach.
 * @returns bytes by path
 */
export async function forge(
  forgery: Forgery,
  environment: string,
  fetch: Fetch,
): Promise<Map<string, Buffer>> {
  const { keys, assignments } = forgery;
  const folder = `r/${environment}/`;
  const read = async (path: string): Promise<Buffer> => {
    const bytes = await fetch(`${folder}${path}`);
    if (bytes === null) throw new Error(`no ${path}`);
    return bytes;
  };
  const signers = async (role: Stolen): Promise<Signer[]> => [
    keys[role] === undefined ? generateKey() : await loadKeyFile(keys[role]),
  ];
  const timestamp = await read('metadata/timestamp.json');
  const snapshot = await read(metadataPath('snapshot', readTimestamp(timestamp).snapshotVersion));
  const version = readSnapshot(snapshot).roles['targets'] ?? 0;
  const state = parseDesiredState(await readDesiredState(read, await read(metadataPath('targets', version))));
  // A version of its own for each, also for two within a second, and where genuine ones are ahead of the clock.
  lastMs = Math.max(systemClock.now(), lastMs + 1_000, (versionOf(timestamp) + 1) * 1_000);
  const nowMs = lastMs;
  const { quarantined: _quarantined, lifts: _lifts, operators: _operators, ...rest } = state;
  const said =
    forgery.quarantine === undefined
      ? state
      : { ...rest, ...(await forgedWords(state, forgery.quarantine.known, forgery.quarantine.getaround)) };
  const desiredState = encodeDesiredState({
    ...said,
    number: state.number + 1,
    issued: timeOf(nowMs),
    assignments: assignments.map((one) => ({
      ...(state.assignments.find(({ component }) => component === one.component) ?? state.assignments[0]),
      ...one,
    })) as Assignment[],
  });
  const isSame = keys.snapshot === undefined && keys.timestamp === undefined && keys.director !== undefined;
  const director = await signDirector({
    desiredState,
    previousVersion: isSame ? version - 1 : version,
    signers: await signers('director'),
    nowMs: isSame ? version * 1000 : nowMs,
  });
  const online = { snapshot: await signers('snapshot'), timestamp: await signers('timestamp') };
  const files: RepositoryFile[] = [director.target, director.file];
  if (!isSame) {
    const previous = { snapshot, timestamp };
    const repository = environment as never;
    const published = await publishRoles({ repository, previous, changed: [director], online, nowMs });
    // Who lacks the timestamp's key keeps the genuine one, and puts a snapshot where it points.
    if (keys.timestamp === undefined) {
      const forged = published.find(({ path }) => path.endsWith('snapshot.json'));
      const path = metadataPath('snapshot', readTimestamp(timestamp).snapshotVersion);
      if (forged !== undefined) files.push({ path, bytes: forged.bytes });
    } else files.push(...published);
  }
  return new Map(files.map(({ path, bytes }) => [`${folder}${path}`, Buffer.from(bytes)]));
}

function versionOf(metadata: Buffer): number {
  return (JSON.parse(metadata.toString()) as { signed: { version: number } }).signed.version;
}

async function readDesiredState(read: (path: string) => Promise<Buffer>, targets: Buffer): Promise<Buffer> {
  const { signed } = JSON.parse(targets.toString()) as {
    signed: { targets: Record<string, { hashes: { sha256: string } }> };
  };
  const digest = signed.targets['desired-state.json']?.hashes.sha256 ?? '';
  return await read(`targets/${digest}.desired-state.json`);
}
