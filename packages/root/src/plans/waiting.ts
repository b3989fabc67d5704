import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { Database } from '../db/tables.ts';
import { missingOf } from './approvals.ts';
import { foundIn, planNamed } from './rows.ts';
import { tell } from './state.ts';

/** Tells that a version of a plan waits for approvals, if it does; in the transaction that stores it. */
export async function tellWaiting(trx: Database, id: string, nowMs: number): Promise<void> {
  const known = await planNamed(trx, id);
  const missing = await missingOf(trx, known, nowMs);
  if (missing.length === 0) return;
  const { digest } = known.version;
  const changes = changesText(Object.values(await foundIn(trx, known.version)));
  const show = `xylem plan show ${id}`;
  const approve = `xylem plan approve ${id} --digest ${digest.slice(0, 12)}`;
  await tell(trx, known, nowMs, {
    state: 'open',
    what: 'waits',
    reason: `${missing.join('; ')}. Look: ${show}; approve: ${approve} - ${changes}`,
    isOne: true,
    details: { missing, changes, show, approve },
  });
}

/** One line. */
function changesText(found: readonly PlanFound[]): string {
  const hosts = found.reduce((sum, one) => sum + one.hosts.changing, 0);
  const components = new Set(
    found.flatMap(({ changes }) =>
      changes.map(({ component, from, to }) => `${component} ${from ?? '-'} to ${to ?? '-'}`),
    ),
  );
  const named = [...components].slice(0, 5).join(', ');
  const more = components.size > 5 ? ` and ${components.size - 5} more` : '';
  return `it would change ${counted(hosts, 'host')} in ${counted(found.length, 'environment')}: ${named}${more}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
