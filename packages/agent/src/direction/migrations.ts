import { type HostAssignment, type HostMapEntry, type MigrationOrder, XylemError } from '@xylem/core';
import { heldByQuarantine, type QuarantineMemory } from './quarantine.ts';
import type { Reading } from './reading.ts';
import type { OrderedMigration } from './wanted.ts';

/**
 * What this host is to do as a runner: each order's package under the same rules as an assignment, with the
 * configuration that is assigned for the component.
 */
export async function orderedMigrations(from: {
  readonly entry: HostMapEntry;
  readonly assignments: readonly HostAssignment[];
  readonly reading: Reading;
  readonly memory: QuarantineMemory | undefined;
}): Promise<{ readonly migrations: readonly OrderedMigration[]; readonly incomplete: XylemError | null }> {
  const migrations: OrderedMigration[] = [];
  let incomplete: XylemError | null = null;
  for (const order of from.entry.migrate ?? []) {
    const assignment = from.assignments.find(({ component }) => component === order.component);
    if (assignment === undefined) {
      migrations.push({ order, fault: notAssigned(order) });
      continue;
    }
    const { product, release, package: digest, version } = order;
    const asked: HostAssignment = { ...assignment, product, release, package: digest, version };
    const held = heldByQuarantine(from.memory, asked);
    if (held !== null) {
      migrations.push({ order, fault: { code: held.code, message: held.message } });
      continue;
    }
    const [outcome] = await from.reading.all([asked]);
    if (outcome !== undefined && 'placed' in outcome) {
      migrations.push({ order, placed: outcome.placed });
      continue;
    }
    const error = outcome?.error ?? new XylemError('E_INTERNAL', 'The order was not read.');
    if (error.retry === 'elsewhere') incomplete = error;
    migrations.push({ order, fault: { code: error.code, message: error.message.slice(0, 2_000) } });
  }
  return { migrations, incomplete };
}

const notAssigned = ({ component, database }: MigrationOrder) => ({
  code: 'E_MIGRATION_ORDER' as const,
  message: `${component} is not given to this host, and its configuration says where ${database} is.`,
});
