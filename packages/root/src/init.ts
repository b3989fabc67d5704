import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Clock, Randomness } from '@xylem/platform';
import { openRepository } from '@xylem/store';
import {
  CertificateAuthority,
  createRepository,
  generateKey,
  type Signer,
  saveKeyFile,
  signTargets,
} from '@xylem/trust';
import { appendAudit } from './audit/audit.ts';
import { createApiToken } from './auth/api-tokens.ts';
import { localOrigin } from './auth/origin.ts';
import { openDatabase } from './db/open.ts';
import { assertEmptyPostgres, checkPostgresUrl } from './db/postgres.ts';
import type { Database } from './db/tables.ts';
import { keyFiles, saveReleaseKeys } from './keys/root-keys.ts';
import { writeRepositoryFiles } from './publishing/repository-files.ts';
import { saveRole } from './publishing/roles.ts';
import {
  databaseOf,
  finishFolder,
  isInitialized,
  prepareFolder,
  type RootConfig,
  readConfig,
  type StatePaths,
  statePaths,
  writeConfig,
} from './state/folder.ts';
import { lockState } from './state/lock.ts';

/** Of whoever owns the state folder: it can be had again from there, so it never expires. */
const everything = { grants: [{ role: 'admin', scope: '*' }], lifetimeMs: null } as const;

export interface InitRootOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Name of the first tenant, meant wherever none is named. Default `default`. */
  readonly tenant?: string;
  /**
   * Makes the vendor's release repository, signed by these. The private halves stay with the caller: the root server
   * keeps what they sign. Absent: there is none, and nothing can be published.
   */
  readonly vendor?: { readonly rootKey: Signer; readonly targetsKey: Signer };
  /** Default: SQLite below the state folder. */
  readonly database?: RootConfig['database'];
}

export interface InitializedRoot {
  /** False: the folder held a root server already, and nothing was changed. */
  readonly created: boolean;
  /** The first operator's token, shown this once; null when nothing was created. */
  readonly operatorToken: string | null;
  readonly releaseRepository: string | null;
}

/**
 * Makes the state folder of a root server: CA, collector key, database, release repository, first operator's token.
 * Interrupted, it begins anew the next time; a finished folder is left as it is.
 * @throws XylemError E_INPUT (the folder holds something else), E_CONFLICT (the PostgreSQL database does),
 *   E_STATE_LOCKED, E_STATE_VERSION, E_STORAGE
 */
export async function initRoot(options: InitRootOptions): Promise<InitializedRoot> {
  const paths = statePaths(options.stateFolder);
  if (await isInitialized(paths)) {
    const { releaseRepository } = await readConfig(paths);
    return { created: false, operatorToken: null, releaseRepository };
  }
  await prepareFolder(paths);
  const lock = lockState(paths.lock);
  try {
    return await initialize(paths, options);
  } finally {
    lock.release();
  }
}

async function initialize(paths: StatePaths, options: InitRootOptions): Promise<InitializedRoot> {
  const { clock, randomness, tenant = 'default' } = options;
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(tenant)) {
    throw new XylemError('E_INPUT', `${JSON.stringify(tenant)} is no name for a tenant.`, {
      details: { key: 'tenant' },
    });
  }
  const database = options.database ?? { kind: 'sqlite' };
  if (database.kind === 'postgres') {
    checkPostgresUrl(database.url);
    await assertEmptyPostgres(database.url);
  }
  // What an interrupted attempt left is of keys that nobody knows.
  for (const end of ['', '-wal', '-shm']) await rm(`${paths.database}${end}`, { force: true });
  const files = keyFiles(paths.keys);
  const authority = await CertificateAuthority.create(clock, randomness);
  await authority.save(files.ca);
  await saveKeyFile(files.collector, generateKey());
  await saveKeyFile(files.tls, generateKey());
  const config: RootConfig = { tenant, database, releaseRepository: null };
  const db = await openDatabase(databaseOf(paths, config));
  try {
    const releaseRepository = await makeReleaseRepository(db, paths, options);
    const nowMs = clock.now();
    await db
      .insertInto('tenants')
      .values({ tenant, created_ms: nowMs })
      .onConflict((c) => c.column('tenant').doNothing())
      .execute();
    const { id, token } = await createApiToken(db, options, {
      name: 'operator',
      ...everything,
      madeBy: localOrigin,
    });
    await appendAudit(db, nowMs, { who: 'init', what: 'root.init', subject: 'root', after: { token: id } });
    await writeConfig(paths, { ...config, releaseRepository });
    await finishFolder(paths);
    return { created: true, operatorToken: token, releaseRepository };
  } finally {
    await db.destroy();
  }
}

async function makeReleaseRepository(
  db: Database,
  paths: StatePaths,
  { clock, vendor }: InitRootOptions,
): Promise<string | null> {
  if (vendor === undefined) return null;
  const nowMs = clock.now();
  const keys = { snapshot: generateKey(), timestamp: generateKey() };
  await saveReleaseKeys(paths.keys, keys);
  const targets = await signTargets({
    products: [],
    previousVersion: 0,
    signers: [vendor.targetsKey],
    nowMs,
  });
  const { id, files } = await createRepository({
    roles: {
      root: { keys: [vendor.rootKey] },
      targets: { keys: [vendor.targetsKey] },
      snapshot: { keys: [keys.snapshot] },
      timestamp: { keys: [keys.timestamp] },
    },
    rootSigners: [vendor.rootKey],
    targets,
    online: { snapshot: [keys.snapshot], timestamp: [keys.timestamp] },
    nowMs,
  });
  const folder = await openRepository(paths.repository);
  await writeRepositoryFiles(folder, id, files);
  const root = files.find((file) => file.path.endsWith('.root.json'));
  if (root === undefined) throw new TypeError('a repository has a root');
  await saveRole(db, id, 'root', root.bytes);
  await saveRole(db, id, 'targets', targets.file.bytes);
  return id;
}

/**
 * A new administrator's token for whoever can read the state folder, when all tokens are lost. With SQLite the root
 * server may be running.
 * @throws XylemError E_NOT_FOUND (no root server's folder)
 */
export async function createOperatorToken(options: {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly name: string;
}): Promise<string> {
  const paths = statePaths(options.stateFolder);
  if (!(await isInitialized(paths))) {
    throw new XylemError('E_NOT_FOUND', `${options.stateFolder} is not the state folder of a root server.`);
  }
  const db = await openDatabase(databaseOf(paths, await readConfig(paths)));
  try {
    const { id, token } = await createApiToken(db, options, {
      name: options.name,
      ...everything,
      madeBy: localOrigin,
    });
    const subject = `api-token/${id}`;
    await appendAudit(db, options.clock.now(), { who: 'local', what: 'api-token.create', subject });
    return token;
  } finally {
    await db.destroy();
  }
}
