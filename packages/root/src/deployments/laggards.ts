import { adviceFor, isInTurn, timeOf } from '@xylem/core';
import type { Laggards } from '../api/schemas/laggards.ts';
import type { Database } from '../db/tables.ts';
import { findBehind, type HostBehind } from './behind.ts';
import { type Fleet, judge, readFleet } from './judge.ts';
import { type DeploymentRow, newestDeployments } from './rows.ts';

/** Of hosts beyond these the counts tell. */
const mostNamed = { asked: 1_000, shown: 20 };

/**
 * Who is not where a deployment wants it, and why, from what is known now: counted by the value of a label and by
 * reason, and named.
 */
export async function laggardsOf(
  db: Database,
  row: DeploymentRow,
  by: string,
  nowMs: number,
): Promise<Laggards> {
  const fleet = await readFleet(db, row.environment, nowMs);
  const behind = await findBehind(db, await judge(db, row, fleet, nowMs), fleet, nowMs);
  const found = behind.map(({ labels, lastSeen, ...one }) => ({
    ...one,
    value: Object.hasOwn(labels, by) ? (labels[by] ?? null) : null,
    lastSeen: lastSeen === null ? null : timeOf(lastSeen),
  }));
  found.sort((a, b) => compare(a.value, b.value) || inOrder(a, b));
  const groups = Map.groupBy(found, ({ value, reason }) => JSON.stringify([value, reason]));
  const counts = [...groups.values()].flatMap((those) =>
    those.slice(0, 1).map(({ value, reason }) => ({ value, reason, hosts: those.length })),
  );
  return { by, total: found.length, counts, hosts: found.slice(0, mostNamed.asked) };
}

/**
 * The same without those who wait for their turn or are at it; nobody where a later deployment of the product has taken
 * its place.
 */
export async function behindIn(
  db: Database,
  row: DeploymentRow,
  judged: Awaited<ReturnType<typeof judge>>,
  fleet: Fleet,
  nowMs: number,
): Promise<readonly HostBehind[]> {
  const newest = await newestDeployments(db, row.environment, row.product).limit(1).executeTakeFirst();
  if (newest?.id !== row.id) return [];
  return (await findBehind(db, judged, fleet, nowMs)).filter((one) => !isInTurn(one));
}

/** Counted by reason with what to do about each, the first of them named. */
export function shownBehind<T extends HostBehind>(all: readonly T[]) {
  const found = all.toSorted(inOrder);
  const counts = [...Map.groupBy(found, ({ reason }) => reason)].map(([reason, those]) => ({
    reason,
    hosts: those.length,
    advice: adviceFor(reason),
  }));
  const hosts = found.slice(0, mostNamed.shown).map((one) => {
    const { labels: _, ...named } = one;
    return { ...named, lastSeen: one.lastSeen === null ? null : timeOf(one.lastSeen) };
  });
  return { total: found.length, counts, hosts };
}

const inOrder = (a: Pick<HostBehind, 'reason' | 'name'>, b: Pick<HostBehind, 'reason' | 'name'>): number =>
  compare(a.reason, b.reason) || compare(a.name, b.name);

/** Who has no value of the label comes last. */
function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
