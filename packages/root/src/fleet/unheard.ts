import { type HeardPlace, unheardSubtrees } from '@xylem/core';
import type { ExpressionBuilder } from 'kysely';
import type { Unheard } from '../api/schemas/fleet.ts';
import { inParts } from '../db/statements.ts';
import type { Database, Tables } from '../db/tables.ts';
import { type EnvironmentRow, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { type NamedHost, shownUnheard } from './placed.ts';
import { silentBeforeMs, spokenStates } from './state-counts.ts';

/** A host that has reported and is neither retired nor revoked, as its report places it. */
interface Place extends NamedHost {
  readonly heardMs: number;
  readonly parentHost: string | null;
  readonly parentUrl: string | null;
}

/** Environments by when their hosts have to have been heard of not to be silent. */
type Limits = ReadonlyMap<number, readonly string[]>;

/**
 * The parts of the tree of which nothing is heard. Read are the silent hosts and whose children they are, and no report;
 * of everyone else only whether one of these has a child that is heard.
 * @param environments hosts of others are nobody's parents or children here
 */
export async function unheardIn(
  root: Pick<Root, 'db' | 'clock' | 'directing'>,
  environments: readonly EnvironmentRow[],
): Promise<Unheard[]> {
  const names = new Map(environments.map((row) => [row.id, refOf(row).name]));
  const limits = Map.groupBy(names.keys(), (id) => silentBeforeMs(root, id));
  const silent = await placesOf(root.db, names, await silentHosts(root.db, limits));
  const parents = await parentsOf(root.db, names, silent);
  const above = [...new Set(parents.values())].filter((id) => !silent.has(id));
  const known = new Map([...silent, ...(await placesOf(root.db, names, above))]);
  const places = Array.from(
    known.values(),
    ({ id, heardMs }): HeardPlace => ({
      id,
      parent: parents.get(id) ?? null,
      isSilent: silent.has(id),
      heardMs,
    }),
  ).sort((a, b) => (a.id < b.id ? -1 : 1));
  // One stands for all that are heard below a parent.
  const heard = (await withHeardChild(root.db, limits, [...known.keys()])).map(
    (parent): HeardPlace => ({ id: `below ${parent}`, parent, isSilent: false, heardMs: 0 }),
  );
  return shownUnheard(unheardSubtrees([...places, ...heard]), known);
}

async function silentHosts(db: Database, limits: Limits): Promise<string[]> {
  const hosts: string[] = [];
  for (const [beforeMs, environments] of limits) {
    const rows = await inParts(environments, (part) =>
      db
        .selectFrom('host_states')
        .select('host')
        .where('environment', 'in', part)
        .where('state', 'in', spokenStates)
        .where('heard_ms', '<', beforeMs)
        .execute(),
    );
    hosts.push(...rows.map(({ host }) => host));
  }
  return hosts;
}

async function placesOf(
  db: Database,
  names: ReadonlyMap<string, string>,
  hosts: readonly string[],
): Promise<Map<string, Place>> {
  const rows = await inParts(hosts, (part) =>
    db
      .selectFrom('host_states as s')
      .innerJoin('hosts as h', 'h.id', 's.host')
      .innerJoin('reports as r', 'r.host', 's.host')
      .select((e) => [
        's.host as id',
        'h.name',
        e.ref('s.environment').$notNull().as('environment'),
        e.ref('s.heard_ms').$notNull().as('heardMs'),
        'r.parent_host as parentHost',
        'r.parent_url as parentUrl',
      ])
      .where('s.host', 'in', part)
      .where('s.state', 'in', spokenStates)
      .execute(),
  );
  return new Map(
    rows.flatMap((row) => {
      const environment = names.get(row.environment);
      return environment === undefined ? [] : [[row.id, { ...row, environment }] as const];
    }),
  );
}

/** Whose children they are, by host; a host knows its parent's address, and whose that is stands in the parent's own report. */
async function parentsOf(
  db: Database,
  names: ReadonlyMap<string, string>,
  places: ReadonlyMap<string, Place>,
): Promise<Map<string, string>> {
  const urls = [...places.values()].flatMap(({ parentHost, parentUrl }) =>
    parentHost === null && parentUrl !== null ? [parentUrl] : [],
  );
  const serving = await inParts([...new Set(urls)], (part) =>
    db
      .selectFrom('reports as r')
      .innerJoin('host_states as s', 's.host', 'r.host')
      .select(['r.host', 'r.serves_url', 's.environment'])
      .where('r.serves_url', 'in', part)
      .orderBy('r.host')
      .execute(),
  );
  const at = new Map(
    serving
      .filter(({ environment }) => environment !== null && names.has(environment))
      .map(({ serves_url, host }) => [serves_url, host]),
  );
  return new Map(
    Array.from(places.values()).flatMap(({ id, parentHost, parentUrl }) => {
      const parent = parentHost ?? at.get(parentUrl);
      return parent === undefined ? [] : [[id, parent] as const];
    }),
  );
}

/** Which of these hosts have a child that is heard. */
async function withHeardChild(db: Database, limits: Limits, hosts: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const [sinceMs, environments] of limits) {
    const rows = await inParts(hosts, (part) =>
      db
        .selectFrom('reports as p')
        .select('p.host')
        .where('p.host', 'in', part)
        .where((e) => {
          const heard = heardIn(e, environments, sinceMs);
          return e.or([
            e.exists(heard.whereRef('r.parent_host', '=', 'p.host')),
            e.exists(heard.where('r.parent_host', 'is', null).whereRef('r.parent_url', '=', 'p.serves_url')),
          ]);
        })
        .execute(),
    );
    for (const { host } of rows) found.add(host);
  }
  return [...found];
}

const heardIn = (
  e: ExpressionBuilder<Tables & { p: Tables['reports'] }, 'p'>,
  environments: readonly string[],
  sinceMs: number,
) =>
  e
    .selectFrom('reports as r')
    // SQLite keeps to the order of a cross join; by itself it begins with all that are heard.
    .crossJoin('host_states as c')
    .select('r.host')
    .whereRef('c.host', '=', 'r.host')
    .where('c.environment', 'in', environments)
    .where('c.state', 'in', spokenStates)
    .where('c.heard_ms', '>=', sinceMs);
