import { type Deployment, evidenceFor, type HostId, jcs, Tally } from '@xylem/core';
import type { Selectable } from 'kysely';
import { inStatements } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import { type PlacedRow, placedOf, placedRows } from '../hosts/host-rows.ts';
import { graphOf } from '../transitions/graph.ts';
import { type advancePolicyOf, childrenSeen, hostEvidence, isHeardOut, lastSeenOf } from './evidence.ts';
import { type HeardReport, ReportReader, reportRows, selectReports } from './heard-report.ts';
import { type HostMark, hostMarks } from './rows.ts';
import { partsOf } from './taking-part.ts';

type Policy = ReturnType<typeof advancePolicyOf>;

/** What is kept of a deployment's hosts. */
interface Kept {
  readonly environment: string;
  /** What else the evidence follows from: with anything else it is read anew. */
  readonly of: string;
  readonly tally: Tally;
  readonly reader: ReportReader;
  readonly hosts: Map<string, PlacedRow>;
  readonly received: Map<string, number>;
  /** Nothing newer has been read. */
  revision: number;
  changes: EnvironmentChanges;
  marks: ReadonlyMap<HostId, HostMark>;
  marksOf: string | null;
  /** By relay: when it saw its children last. */
  readonly relays: Map<string, ReadonlyMap<string, number>>;
  /** Whom a relay whose clock is ahead saw later than now. */
  readonly ahead: Set<string>;
}

type EnvironmentChanges = Pick<Selectable<Tables['environment_changes']>, 'hosts' | 'gone'>;

/** Hosts of which something may be new, and the reports that were read of them. */
interface Changes {
  readonly hosts: Set<string>;
  readonly reports: Map<string, HeardReport>;
  /** Whom relays have said something of. */
  readonly seen: Set<string>;
}

/**
 * What hosts say about deployments that go on, kept from look to look: read is what has changed since.
 *
 * What it keeps: after a look the tally holds what `evidenceOf` would read. Reports are found by their revision; when one
 * has left the environment, all are read anew. Hosts are compared row by row once something about them was written,
 * marks are read after each decision and each act of a person. Nothing in it is durable.
 */
export class KeptEvidence {
  readonly #kept = new Map<string, Kept>();

  async look(
    db: Database,
    deployment: Deployment,
    { yaml }: EnvironmentRow,
    policy: Policy,
    nowMs: number,
  ): Promise<Tally> {
    const { id, kind, salt, components, strategy, skipUnfit = null, product } = deployment;
    const { offlineAfterMs, silentAfterMs } = policy;
    const graph = await graphOf(db, product);
    const of = jcs({
      yaml,
      graph,
      kind,
      salt,
      components,
      strategy,
      skipUnfit,
      offlineAfterMs,
      silentAfterMs,
    });
    const before = this.#kept.get(id);
    // Whatever is thrown meanwhile: the next look reads all.
    this.#kept.delete(id);
    const changes = before?.of === of ? await changesOf(db, deployment, before) : null;
    const kept =
      changes !== null && before !== undefined ? before : nothingKept(deployment, of, policy, nowMs);
    await take(db, deployment, kept, changes ?? (await everything(db, deployment, kept)), nowMs);
    this.#kept.set(id, kept);
    return kept.tally;
  }

  /** Of an environment only these deployments go on. */
  keepOnly(environment: string, deployments: readonly { readonly id: string }[]): void {
    const ids = new Set(deployments.map(({ id }) => id));
    for (const [id, kept] of this.#kept)
      if (kept.environment === environment && !ids.has(id)) this.#kept.delete(id);
  }
}

function nothingKept(deployment: Deployment, of: string, policy: Policy, nowMs: number): Kept {
  return {
    environment: deployment.environment,
    of,
    tally: new Tally(deployment, policy, nowMs),
    reader: new ReportReader(),
    hosts: new Map(),
    received: new Map(),
    revision: 0,
    changes: { hosts: 0, gone: 0 },
    marks: new Map(),
    marksOf: null,
    relays: new Map(),
    ahead: new Set(),
  };
}

async function everything(db: Database, deployment: Deployment, kept: Kept): Promise<Changes> {
  const changes: Changes = { hosts: new Set(), reports: new Map(), seen: new Set() };
  kept.changes = await environmentChanges(db, kept);
  await noteReports(db, kept, changes);
  noteHosts(kept, changes, await placedRows(db, kept.environment));
  await noteMarks(db, deployment, kept, changes);
  return changes;
}

/** Null: not all that has changed can be found so. */
async function changesOf(db: Database, deployment: Deployment, kept: Kept): Promise<Changes | null> {
  const changes: Changes = { hosts: new Set(), reports: new Map(), seen: new Set() };
  const before = kept.changes;
  // Before what it tells of: what is written meanwhile is found by the next look.
  kept.changes = await environmentChanges(db, kept);
  if (kept.changes.gone !== before.gone) return null;
  await noteReports(db, kept, changes);
  if (kept.changes.hosts !== before.hosts) {
    const rows = await placedRows(db, kept.environment);
    // Its words about others begin to count, or no longer do.
    if (rows.some(({ id, serve }) => (kept.hosts.get(id)?.serve ?? serve) !== serve)) return null;
    noteHosts(kept, changes, rows);
  }
  await noteMarks(db, deployment, kept, changes);
  return changes;
}

async function environmentChanges(db: Database, { environment }: Kept): Promise<EnvironmentChanges> {
  const row = await db
    .selectFrom('environment_changes')
    .select(['hosts', 'gone'])
    .where('environment', '=', environment)
    .executeTakeFirst();
  return row ?? { hosts: 0, gone: 0 };
}

async function noteReports(db: Database, kept: Kept, { reports, seen }: Changes): Promise<void> {
  const rows = reportRows(db, kept.environment, kept.revision);
  for await (const row of rows) {
    const { host, heard_ms: receivedMs, revision, serve } = row;
    const { report, serves } = kept.reader.read(row);
    reports.set(host, report);
    kept.received.set(host, receivedMs);
    kept.revision = Math.max(kept.revision, revision);
    if (serve !== 1) continue;
    const before = kept.relays.get(host) ?? new Map<string, number>();
    const children = childrenSeen(serves);
    for (const child of [...before.keys(), ...children.keys()]) seen.add(child);
    kept.relays.set(host, children);
  }
}

function noteHosts(kept: Kept, { hosts }: Changes, rows: readonly PlacedRow[]): void {
  for (const row of rows) {
    const before = kept.hosts.get(row.id);
    if (before !== undefined && isSame(before, row)) continue;
    kept.hosts.set(row.id, row);
    hosts.add(row.id);
  }
  if (rows.length === kept.hosts.size) return;
  const present = new Set(rows.map(({ id }) => id));
  for (const id of kept.hosts.keys()) {
    if (present.has(id)) continue;
    kept.hosts.delete(id);
    hosts.add(id);
  }
}

const isSame = (one: PlacedRow, other: PlacedRow): boolean =>
  one.name === other.name &&
  one.labels === other.labels &&
  one.kept === other.kept &&
  one.pinned === other.pinned &&
  one.retired === other.retired &&
  one.joined_ms === other.joined_ms;

/** Marks change with a decision, with what a person says of a host (the deployment counts both), or as a host comes by a move. */
async function noteMarks(
  db: Database,
  { id, decided = 0, hostActs = 0 }: Deployment,
  kept: Kept,
  { hosts }: Changes,
): Promise<void> {
  const of = `${decided}/${hostActs}`;
  if (kept.marksOf === of && hosts.size === 0) return;
  const marks = await hostMarks(db, id);
  for (const [host, mark] of marks) {
    const before = kept.marks.get(host);
    if (before === undefined || jcs(before) !== jcs(mark)) hosts.add(host);
  }
  for (const host of kept.marks.keys()) if (!marks.has(host)) hosts.add(host);
  kept.marks = marks;
  kept.marksOf = of;
}

async function take(
  db: Database,
  deployment: Deployment,
  kept: Kept,
  { hosts, reports, seen }: Changes,
  nowMs: number,
): Promise<void> {
  const { tally } = kept;
  await readReports(db, kept, hosts, reports);
  const parts = await partsOf(db, deployment);
  tally.at(nowMs);
  for (const id of [...kept.ahead, ...seen]) {
    const known = tally.get(id as HostId);
    const joinedMs = kept.hosts.get(id)?.joined_ms;
    if (known === undefined || joinedMs === undefined) continue;
    tally.set({ ...known, lastSeen: lastSeenOf(joinedMs, known.lastReport ?? 0, seenOf(kept, id, nowMs)) });
  }
  for (const id of new Set([...hosts, ...reports.keys()])) {
    const row = kept.hosts.get(id);
    const mark = kept.marks.get(id as HostId);
    const host = row === undefined ? undefined : placedOf(row);
    if (host === undefined || !isHeardOut(host, mark)) {
      tally.remove(id as HostId);
      continue;
    }
    const report = reports.get(id);
    const own = report === undefined ? undefined : { report, receivedMs: kept.received.get(id) ?? 0 };
    const lastSeen = lastSeenOf(host.joinedMs, own?.receivedMs, seenOf(kept, id, nowMs));
    const said = hostEvidence(deployment, parts, host, mark, own, lastSeen);
    for (const one of evidenceFor(deployment, [said])) tally.set(one);
  }
}

/** Of hosts that have not reported anew, and of which something else has changed. */
async function readReports(
  db: Database,
  { received, environment, reader }: Kept,
  hosts: ReadonlySet<string>,
  reports: Map<string, HeardReport>,
): Promise<void> {
  const missing = [...hosts].filter((id) => received.has(id) && !reports.has(id));
  for (const some of inStatements(missing)) {
    const rows = await selectReports(db, environment).where('r.host', 'in', some).execute();
    for (const row of rows) reports.set(row.host, reader.read(row).report);
  }
}

/** When relays saw a host last. One whose clock is ahead can't make it more alive than now. */
function seenOf({ relays, ahead }: Kept, host: string, nowMs: number): number {
  let last = 0;
  for (const children of relays.values()) last = Math.max(last, children.get(host) ?? 0);
  if (last > nowMs) ahead.add(host);
  else ahead.delete(host);
  return Math.min(last, nowMs);
}
