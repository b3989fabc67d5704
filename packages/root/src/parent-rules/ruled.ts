import { hasParents, type KnownAddresses, wantedByAddresses } from '@xylem/core';
import { inParts } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { outOfReach } from '../reparenting/rows.ts';
import { type ParentRuleRow, ruleOf } from './rows.ts';

/** A host with what a rule wants for it. */
export interface Ruled {
  readonly host: HostRecord;
  readonly rule: string;
  readonly parents: readonly string[];
}

/** What rules say of hosts. */
interface Found {
  readonly ruled: readonly Ruled[];
  /** To be looked at again. */
  readonly later: readonly string[];
  /** Hosts that have what is wanted by another rule. */
  readonly renamed: readonly { readonly host: string; readonly rule: string }[];
  /** What is known of addresses now, of hosts of which that is another than before. */
  readonly known: ReadonlyMap<string, KnownAddresses>;
}

/** What the rules of an environment want of these hosts of it. Nothing is written. */
export async function ruledOf(
  db: Database,
  rows: readonly ParentRuleRow[],
  hosts: readonly HostRecord[],
  nowMs: number,
): Promise<Found> {
  const rules = rows.map(ruleOf);
  const byAddresses = rules.some(({ subnets }) => subnets.written.length > 0);
  const setMs = new Map(rows.map((row) => [row.name, row.set_ms]));
  const ids = hosts.map(({ id }) => id);
  const { busy, tried } = await outOfReach(db, ids);
  const wasTried = new Set(
    tried
      .filter(({ rule, askedMs }) => askedMs >= (setMs.get(rule) ?? Number.POSITIVE_INFINITY))
      .map(({ host, rule }) => `${host} ${rule}`),
  );
  const reported = await reportedOf(db, ids);
  const ruled: Ruled[] = [];
  const later: string[] = [];
  const renamed: { host: string; rule: string }[] = [];
  const known = new Map<string, KnownAddresses>();
  for (const host of hosts) {
    const said = reported.get(host.id);
    const url = said?.url ?? null;
    if (busy.has(host.id) || host.movingFrom !== null || (host.serve && url === null)) {
      later.push(host.id);
      continue;
    }
    // Its first report makes it due.
    if (byAddresses && said === undefined) continue;
    const before = host.ruleAddresses;
    const found = wantedByAddresses(rules, { ...host, url }, before, said?.addresses ?? null, nowMs);
    if (found.waits) later.push(host.id);
    if (byAddresses && found.known !== null && JSON.stringify(found.known) !== JSON.stringify(before))
      known.set(host.id, found.known);
    const { wanted } = found;
    if (wanted === null || wasTried.has(`${host.id} ${wanted.rule}`)) continue;
    if (!hasParents(host, wanted.parents)) ruled.push({ host, ...wanted });
    else if (host.parentsRule !== wanted.rule) renamed.push({ host: host.id, rule: wanted.rule });
  }
  return { ruled, later, renamed, known };
}

interface Reported {
  /** Where it serves. */
  readonly url: string | null;
  readonly addresses: readonly string[] | null;
}

async function reportedOf(db: Database, hosts: readonly string[]): Promise<ReadonlyMap<string, Reported>> {
  const rows = await inParts(hosts, (part) =>
    db.selectFrom('reports').select(['host', 'serves_url', 'addresses']).where('host', 'in', part).execute(),
  );
  return new Map(
    rows.map(({ host, serves_url: url, addresses }) => [
      host,
      { url, addresses: addresses === null ? null : (JSON.parse(addresses) as string[]) },
    ]),
  );
}
