import { reportedGroups } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type Serving, servingsIn } from '../traffic/rows.ts';
import { balancersIn, balancingIn } from '../traffic/standing.ts';
import { writeSwitch } from '../traffic/switch.ts';
import type { RestoredMark } from './restored-state.ts';

/** A product whose balancers report, since the restore, that they send traffic to another group than the backup says. */
export interface TrafficSince {
  readonly environment: EnvironmentRow;
  readonly product: string;
  readonly backup: Serving;
  /** The other group. */
  readonly to: string;
  /** Names of those that send it there. */
  readonly there: readonly string[];
  /** How many send it where the backup says. */
  readonly here: number;
}

/** What balancers sign counts alone: nobody else knows where they send requests. */
export async function trafficSince(
  db: Database,
  environments: readonly EnvironmentRow[],
  { restoredMs }: RestoredMark,
  nowMs: number,
): Promise<TrafficSince[]> {
  const found: TrafficSince[] = [];
  for (const environment of environments) {
    const servings = await servingsIn(db, environment);
    if (servings.length === 0) continue;
    const balancing = await balancingIn(db, environment.id, nowMs);
    for (const { product, is } of servings) {
      const balancers = balancersIn(balancing, is.traffic.component, nowMs);
      const heard = balancers.filter(({ heardMs }) => heardMs !== null && heardMs >= restoredMs);
      const groups = reportedGroups(is.traffic, heard);
      const here = groups.get(is.serving)?.length ?? 0;
      for (const [to, those] of groups) {
        if (to === is.serving || those.length === 0) continue;
        const there = those.map(({ name }) => name).sort();
        found.push({ environment, product, backup: is, to, there, here });
      }
    }
  }
  return found;
}

/** Whether most of those that are heard of send it there. */
const isThere = ({ there, here }: TrafficSince): boolean => there.length > here;

export function trafficSentence(since: TrafficSince): string {
  const { environment, product, backup, to, there, here } = since;
  const names = there.slice(0, 5).join(', ') + (there.length > 5 ? ', …' : '');
  const then = isThere(since)
    ? `\`xylem root confirm --keep hosts\` leaves it there, and --keep backup sends it to ${backup.serving}`
    : `The confirmation sends it to ${backup.serving}, as most of them do`;
  return `Traffic of ${product} in ${fullName(environment)}: ${there.length} of ${there.length + here} balancers that are heard of send it to ${to} (${names}), and the backup says ${backup.serving}. ${then}: see which group is well before that.`;
}

/** Lets traffic stay where most balancers send it, instead of where the backup says. */
export async function keepTraffic(
  trx: Database,
  found: readonly TrafficSince[],
  nowMs: number,
): Promise<void> {
  for (const since of found.filter(isThere)) {
    const { environment, product, backup, to } = since;
    const reason = 'Balancers reported after a restore that they send it there.';
    const wanted = {
      environment,
      product,
      to,
      number: backup.number,
      by: 'restore',
      reason,
      deployment: null,
    };
    await writeSwitch(trx, wanted, backup.serving, nowMs);
  }
}
