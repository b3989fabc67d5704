import type { HostAssignment, HostMapEntry, MigrationOrder, XylemError } from '@xylem/core';
import { type OrderedFrom, readOrdered } from './ordered.ts';
import type { OrderedMigration } from './wanted.ts';

/**
 * What this host is to do as a runner: each order's package under the same rules as an assignment, with the
 * configuration that is assigned for the component.
 */
export async function orderedMigrations(
  from: OrderedFrom & { readonly entry: HostMapEntry; readonly assignments: readonly HostAssignment[] },
): Promise<{ readonly migrations: readonly OrderedMigration[]; readonly incomplete: XylemError | null }> {
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
    const read = await readOrdered(asked, from);
    incomplete ??= read.incomplete;
    migrations.push({ order, ...read.found });
  }
  return { migrations, incomplete };
}

const notAssigned = ({ component, database }: MigrationOrder) => ({
  code: 'E_MIGRATION_ORDER' as const,
  message: `${component} is not given to this host, and its configuration says where ${database} is.`,
});
