import { sql } from 'kysely';
import type { Status } from '../api/schemas/fleet.ts';
import { hostStates } from '../api/schemas/hosts.ts';
import { inParts } from '../db/statements.ts';
import { type HostState, type SaidState, silentAfterMs } from '../hosts/view.ts';
import type { Root } from '../root.ts';

type StateCounts = Status['hosts'];

export const noStates = () => Object.fromEntries(hostStates.map((state) => [state, 0])) as StateCounts;

/** Who is in one of these is silent once nothing was heard for long. */
export const spokenStates = ['ok', 'updating', 'waiting', 'failed'] as const satisfies readonly SaidState[];

export const isSpoken = (state: HostState): boolean => spokenStates.some((one) => one === state);

/** Who was not heard of since then is silent. */
export function silentBeforeMs(
  { clock, directing }: Pick<Root, 'clock' | 'directing'>,
  environment: string,
): number {
  return clock.now() - silentAfterMs(directing.state(environment)?.policy.reportEverySeconds ?? 3600);
}

/** How many hosts of an environment are in each state: from the counts, and from who was not heard of for long. */
export async function stateCounts(
  root: Pick<Root, 'db' | 'clock' | 'directing'>,
  environment: string,
): Promise<StateCounts> {
  const { db } = root;
  // One statement, and so one moment.
  const rows = await db
    .selectFrom('state_counts')
    .select(['state', 'hosts', sql<number>`0`.as('unheard')])
    .where('environment', '=', environment)
    .unionAll(
      db
        .selectFrom('host_states')
        .select((e) => [
          e.ref('state').$notNull().as('state'),
          e.fn.countAll<number>().as('hosts'),
          sql<number>`1`.as('unheard'),
        ])
        .where('environment', '=', environment)
        .where('state', 'in', spokenStates)
        .where('heard_ms', '<', silentBeforeMs(root, environment))
        .groupBy('state'),
    )
    .execute();
  const counts = noStates();
  for (const { state, hosts, unheard } of rows) {
    counts[state as HostState] += unheard === 1 ? -hosts : hosts;
    if (unheard === 1) counts.silent += hosts;
  }
  return counts;
}

/** Hosts of whose key two machines make use. */
export async function clonedIn({ db }: Pick<Root, 'db'>, environments: readonly string[]): Promise<number> {
  const found = await inParts(environments, (part) =>
    db
      .selectFrom('hosts')
      .select('id')
      .where('environment', 'in', part)
      .where('cloned', 'is not', null)
      .execute(),
  );
  return found.length;
}
