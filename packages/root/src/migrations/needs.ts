import {
  type Accepts,
  assignmentsFor,
  type DesiredState,
  type HostId,
  type HostNeeds,
  type NeedOfShape,
  type PackageDocument,
  type Report,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type Composed, compose } from '../directing/compose.ts';
import { type HostRecord, hostsIn, hostsLeaving } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { documentsOf, exclusionsOf, type MigratedDatabase } from './rows.ts';

/** What the hosts of an environment need of its databases, as the database of the root server says now. */
export interface FleetNeeds {
  readonly hosts: readonly HostRecord[];
  readonly composed: Composed;
  /** Every package that is run or directed anywhere there. */
  readonly documents: ReadonlyMap<string, PackageDocument>;
  /** Whether direction gives this component to the host. */
  isGiven(host: string, component: string): boolean;
  /** Of the hosts that count. `to`: whose exclusions hold. */
  of(database: MigratedDatabase, to: number): Promise<HostNeeds[]>;
}

/** Reads it in one view: call it inside a transaction. */
export async function fleetNeeds(
  trx: Database,
  root: Pick<Root, 'collector' | 'clock'>,
  environment: string,
): Promise<FleetNeeds> {
  const composed = await compose(trx, environment, root.collector.public, root.clock.now());
  const state = composed.body as DesiredState;
  // One on its way elsewhere still runs what it ran here.
  const all = [...(await hostsIn(trx, [environment])), ...(await hostsLeaving(trx, environment))];
  const hosts = all.filter(({ retired, revoked }) => !retired && revoked === null);
  const reports = await reportsOf(trx, hosts);
  const uses = new Map(
    hosts.map((host) => {
      const entry = composed.entries.get(host.id as HostId);
      const directed = entry === undefined ? [] : assignmentsFor(state, host.id as HostId, entry).assignments;
      const running = reports.get(host.id)?.components ?? [];
      const listed = [
        ...running.map((one) => ({ ...one, how: 'runs' as const })),
        ...directed.map((one) => ({ ...one, how: 'directed' as const })),
      ];
      return [host.id, listed];
    }),
  );
  const digests = [...uses.values()].flat().map((one) => one.package);
  const documents = await documentsOf(trx, digests);
  return {
    hosts,
    composed,
    documents,
    isGiven: (host, component) =>
      (uses.get(host) ?? []).some((one) => one.how === 'directed' && one.component === component),
    of: async (database, to) => {
      const excluded = new Set(
        (await exclusionsOf(trx, environment, database.database))
          .filter((row) => row.to === to)
          .map(({ host }) => host),
      );
      const users = usersOf(database, documents.values());
      return hosts.map(({ id, name }) => ({
        id: id as HostId,
        name,
        excluded: excluded.has(id),
        needs: (uses.get(id) ?? []).flatMap(({ component, version, how, package: digest }): NeedOfShape[] => {
          const accepts = acceptsOf(documents.get(digest), component, database, users);
          return accepts === null ? [] : [{ component, version, accepts, how }];
        }),
      }));
    },
  };
}

/** Components of which a version says that it works with the database. */
export function usersOf(
  { database, component }: MigratedDatabase,
  documents: Iterable<PackageDocument>,
): ReadonlySet<string> {
  const users = new Set(component === null ? [] : [component]);
  for (const { migrations, component: own } of documents) {
    if (migrations?.database === database) users.add(own);
  }
  return users;
}

/**
 * What a package accepts of the database; null: it has nothing to do with it. One that does not say so, of a component
 * that does in other versions, works with what the database had when it was first named here. Pure.
 */
export function acceptsOf(
  document: PackageDocument | undefined,
  component: string,
  { database, first }: MigratedDatabase,
  users: ReadonlySet<string>,
): Accepts | null {
  if (document?.migrations?.database === database) return document.migrations.accepts;
  return users.has(component) ? { from: 0, to: first } : null;
}

async function reportsOf(db: Database, hosts: readonly HostRecord[]): Promise<Map<string, Report>> {
  const reports = new Map<string, Report>();
  const ids = hosts.map(({ id }) => id);
  for (let at = 0; at < ids.length; at += 500) {
    const rows = await db
      .selectFrom('reports')
      .select(['host', 'document'])
      .where('host', 'in', ids.slice(at, at + 500))
      .execute();
    for (const row of rows) reports.set(row.host, JSON.parse(row.document) as Report);
  }
  return reports;
}
