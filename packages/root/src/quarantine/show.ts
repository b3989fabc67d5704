import { type Report, timeOf } from '@xylem/core';
import type { Quarantines } from '../api/schemas/quarantine.ts';
import type { Within } from '../auth/access.ts';
import { inParts } from '../db/statements.ts';
import { environmentsMatching, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';

export interface QuarantineQuery {
  readonly environment?: string | undefined;
  readonly product?: string | undefined;
  readonly version?: string | undefined;
  /** `true`: only those that hold. */
  readonly open?: string | undefined;
}

/** The most that a list shows. */
const maxShown = 1_000;

/** Quarantines of the environments that are visible to whoever asks, the newest first, and what only hosts know. */
export async function listQuarantines(
  root: Root,
  within: Within,
  query: QuarantineQuery,
): Promise<Quarantines> {
  const { db } = root;
  const patterns = query.environment === undefined ? undefined : [query.environment];
  const environments = await environmentsMatching(db, patterns, root.config.tenant, within);
  const refs = new Map(environments.map((row) => [row.id, refOf(row)]));
  const ids = [...refs.keys(), ''];
  let rows = db
    .selectFrom('quarantines as q')
    .leftJoin('quarantine_lifts as l', 'l.quarantine', 'q.id')
    .selectAll('q')
    .select(['l.reason as lift_reason', 'l.lifted_by'])
    .where('q.environment', 'in', ids)
    .orderBy('q.since_ms', 'desc')
    .orderBy('q.id')
    .limit(maxShown);
  if (query.product !== undefined) rows = rows.where('q.product', '=', query.product);
  if (query.version !== undefined) rows = rows.where('q.version', '=', query.version);
  if (query.open === 'true') rows = rows.where('q.lifted_ms', 'is', null);
  const holding = await hostsHolding(root, [...refs.keys()]);
  const quarantines = (await rows.execute()).flatMap((row) => {
    const environment = refs.get(row.environment);
    if (environment === undefined) return [];
    const { id, product, release, version, reason, set_by: by, since_ms: sinceMs, lifted_ms: liftedMs } = row;
    const lifted =
      liftedMs === null
        ? null
        : { at: timeOf(liftedMs), by: row.lifted_by ?? null, reason: row.lift_reason ?? null };
    const hosts = holding.get(id)?.size ?? 0;
    return [
      { id, environment, product, version, release, reason, by, since: timeOf(sinceMs), lifted, hosts },
    ];
  });
  return { quarantines, unknown: await unknownHere(root, holding, refs) };
}

type Holding = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** By quarantine: the hosts that report to remember it, and where each is. */
async function hostsHolding(root: Root, environments: readonly string[]): Promise<Holding> {
  // By their own index, and the hosts after them: joined, every host of a fleet in which none holds would be looked at.
  const reports = await root.db
    .selectFrom('reports')
    .select(['host', 'environment', 'document'])
    .where('environment', 'in', [...environments, ''])
    .where('holds', 'is not', null)
    .execute();
  const hosts = await inParts(
    reports.map(({ host }) => host),
    (ids) =>
      root.db
        .selectFrom('hosts')
        .select('id')
        .where('id', 'in', ids)
        .where('environment', 'in', [...environments, ''])
        .execute(),
  );
  const here = new Set(hosts.map(({ id }) => id));
  const holding = new Map<string, Map<string, string>>();
  for (const { host, environment, document } of reports) {
    if (!here.has(host)) continue;
    for (const id of (JSON.parse(document) as Pick<Report, 'quarantine'>).quarantine?.held ?? []) {
      holding.set(id, (holding.get(id) ?? new Map<string, string>()).set(host, environment));
    }
  }
  return holding;
}

/** What hosts remember and this root server never said: it was lost with a backup, or somebody else said it. */
async function unknownHere(
  root: Root,
  holding: Holding,
  refs: ReadonlyMap<string, { id: string; name: string }>,
): Promise<Quarantines['unknown']> {
  const rows = await inParts([...holding.keys()], (ids) =>
    root.db.selectFrom('quarantines').select('id').where('id', 'in', ids).execute(),
  );
  const known = new Set(rows.map(({ id }) => id));
  return [...holding]
    .filter(([id]) => !known.has(id))
    .slice(0, maxShown)
    .flatMap(([id, hosts]) => {
      const environment = refs.get([...hosts.values()][0] ?? '');
      return environment === undefined ? [] : [{ id, environment, hosts: hosts.size }];
    });
}
