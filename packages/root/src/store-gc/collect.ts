import { XylemError } from '@xylem/core';
import type { StoreCollected } from '../api/schemas/store.ts';
import { appendAudit } from '../audit/audit.ts';
import { inStatements } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import { removePacks } from '../publishing/sql-chunk-index.ts';
import type { Root } from '../root.ts';
import { finishRemovals } from './removals.ts';
import { findUnused, type Unused } from './unused.ts';

export interface Collecting {
  readonly isDryRun: boolean;
  /** What is younger stays, in milliseconds. */
  readonly keptMs: number;
  readonly who: string;
}

const triesMs = 200;
const mostWaitMs = 60_000;

/**
 * Removes what nothing refers to (docs/spec/repository.md, What goes). Publishing waits meanwhile. What is to go is
 * noted with the rows that it leaves, in one transaction: who is killed afterwards removes the files at the next start.
 * @throws XylemError E_BUSY (something is published all the time), E_OFFER_INVALID, E_OBJECT_MISSING
 */
export async function collectStore(root: Root, collecting: Collecting): Promise<StoreCollected> {
  let collected: StoreCollected | null = null;
  const work = async (): Promise<void> => {
    collected = await collect(root, collecting);
  };
  for (let waitedMs = 0; waitedMs <= mostWaitMs; waitedMs += triesMs) {
    if (await root.contents.tryAlone(work)) break;
    await root.clock.sleep(triesMs);
  }
  if (collected !== null) return collected;
  throw new XylemError('E_BUSY', 'Something is being published all the time. Try again later.');
}

async function collect(root: Root, { isDryRun, keptMs, who }: Collecting): Promise<StoreCollected> {
  const { db, repository, clock } = root;
  const nowMs = clock.now();
  const unused = await findUnused(root, nowMs - keptMs);
  const collected: StoreCollected = {
    packages: unused.flatMap(({ packages }) => [...packages]),
    trees: sum(unused, ({ trees }) => trees.length),
    packs: sum(unused, ({ packs }) => packs.length),
    bytes: await bytesOf(root, unused),
    removed: !isDryRun,
  };
  if (isDryRun) return collected;
  await db.transaction().execute(async (trx) => {
    for (const one of unused) await forget(trx, one);
    if (collected.trees + collected.packs === 0) return;
    const after = { trees: collected.trees, packs: collected.packs, bytes: collected.bytes };
    await appendAudit(trx, nowMs, { who, what: 'store.gc', subject: 'root', before: null, after });
  });
  await finishRemovals({ db, repository });
  return collected;
}

const sum = (unused: readonly Unused[], of: (one: Unused) => number): number =>
  unused.reduce((total, one) => total + of(one), 0);

async function bytesOf({ repository }: Pick<Root, 'repository'>, unused: readonly Unused[]): Promise<number> {
  let bytes = 0;
  for (const { domain, packs, objects } of unused)
    for (const digest of [...packs, ...objects]) bytes += (await repository.objectSize(domain, digest)) ?? 0;
  return bytes;
}

/** Rows first: a publisher who asks is told that the chunks are not known. */
async function forget(trx: Database, { domain, trees, packs, objects }: Unused): Promise<void> {
  for (const some of inStatements(trees))
    await trx.deleteFrom('trees').where('domain', '=', domain).where('tree', 'in', some).execute();
  await removePacks(trx, domain, packs);
  const removals = [
    ...trees.map((digest) => ({ domain, kind: 'tree', digest }) as const),
    ...[...packs, ...objects].map((digest) => ({ domain, kind: 'object', digest }) as const),
  ];
  for (const some of inStatements(removals))
    await trx
      .insertInto('store_removals')
      .values(some)
      .onConflict((c) => c.columns(['domain', 'kind', 'digest']).doNothing())
      .execute();
}
