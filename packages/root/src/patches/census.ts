import { type DomainId, XylemError } from '@xylem/core';
import type { Repository } from '@xylem/store';
import type { Database } from '../db/tables.ts';
import { travelBetween } from '../publishing/travel-between.ts';
import { allPatches, changePatch, forgetPatch, keyOf, type PatchRow } from './rows.ts';
import { likelyTransitions, type Transition } from './transitions.ts';
import { isWorthMaking } from './worth.ts';

/** More are not looked at: what fewer hosts would use comes when room is there. */
const mostRows = 1_000;
/** A made patch that no host needs by what it reported may be on its way to some. */
const keptUnwantedMs = 3600_000;

export interface Census {
  readonly db: Database;
  readonly repository: Repository;
  readonly nowMs: number;
}

/**
 * Brings the rows to what hosts report: what became worth a patch is queued, what became useless leaves the queue.
 * @returns made ones that are needed no more; who takes them away forgets their rows
 */
export async function takeCensus(census: Census): Promise<PatchRow[]> {
  const { db, nowMs } = census;
  const transitions = await likelyTransitions(db, nowMs);
  const known = new Map((await allPatches(db)).map((row) => [keyOf(row), row]));
  const seen = new Set<string>();
  transitions.sort((a, b) => b.hosts - a.hosts);
  let room = mostRows - known.size;
  for (const one of transitions) {
    const key = keyOf({ domain: one.domain, from_tree: one.fromTree, to_tree: one.toTree });
    if (seen.has(key)) continue;
    seen.add(key);
    const row = known.get(key);
    if (row !== undefined) await recount(db, row, one.hosts);
    else if (room > 0) {
      room -= 1;
      await begin(census, one);
    }
  }
  const over: PatchRow[] = [];
  for (const [key, row] of known) {
    if (seen.has(key)) continue;
    if (row.patch === null) await forgetPatch(db, row);
    else if (row.state !== 'made') over.push(row);
    else if (row.unwanted_ms !== null && nowMs - row.unwanted_ms >= keptUnwantedMs) over.push(row);
    else if (row.unwanted_ms === null) {
      await recount(db, row, 0);
      await changePatch(db, row, { unwanted_ms: nowMs });
    }
  }
  return over;
}

async function recount(db: Database, row: PatchRow, hosts: number): Promise<void> {
  const left = row.state === 'made' ? Math.max(0, row.hosts - hosts) : 0;
  const wasTooFew = row.state === 'useless' && row.size_bytes === null;
  const isWorth = wasTooFew && isWorthMaking(hosts, row.chunk_bytes);
  if (hosts === row.hosts && row.unwanted_ms === null && !isWorth) return;
  await changePatch(db, row, {
    hosts,
    gone_over: row.gone_over + left,
    unwanted_ms: null,
    ...(isWorth ? { state: 'queued' } : {}),
  });
}

async function begin({ db, repository, nowMs }: Census, one: Transition): Promise<void> {
  const trees = { from: one.fromTree, to: one.toTree };
  const found = await travelBetween(repository, one.domain as DomainId, trees).catch((error: unknown) => {
    if (error instanceof XylemError) return error;
    throw error;
  });
  const fault = found instanceof XylemError ? `${found.code}: ${found.message}` : null;
  const chunkBytes = found instanceof XylemError ? 0 : found.likelyBytes;
  await db
    .insertInto('patches')
    .values({
      domain: one.domain,
      from_tree: one.fromTree,
      to_tree: one.toTree,
      product: one.product,
      component: one.component,
      from_version: one.fromVersion,
      to_version: one.toVersion,
      hosts: one.hosts,
      gone_over: 0,
      chunk_bytes: chunkBytes,
      state: fault !== null ? 'failed' : isWorthMaking(one.hosts, chunkBytes) ? 'queued' : 'useless',
      fault,
      attempts: 0,
      due_ms: 0,
      wanted_ms: nowMs,
    })
    .onConflict((c) => c.columns(['domain', 'to_tree', 'from_tree']).doNothing())
    .execute();
}
