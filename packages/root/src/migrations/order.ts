import {
  type Blocker,
  type Digest,
  type MigrationAction,
  type MigrationOrder,
  type MigrationPhase,
  mayBegin,
  type ShapeChange,
  shapesDuring,
  stoppedBy,
  type Version,
  XylemError,
} from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { deployingLock } from '../deployments/rows.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { type FleetNeeds, fleetNeeds } from './needs.ts';
import { type Offered, offeredPackage } from './offered.ts';
import { backupsOf, type LastOrder, type MigratedDatabase, migratedDatabase, saveMigrated } from './rows.ts';

export interface OrderMigration {
  readonly database: string;
  readonly action: MigrationAction;
  /** What the operator takes the step for; another one is refused. */
  readonly phase?: MigrationPhase;
  /** A release that is not directed yet, `product` and `version`; absent: the newest that is. */
  readonly release?: { readonly product: string; readonly version: string };
  /** Id, prefix or name of the host that shall do it. */
  readonly runner?: string;
  /** Another runner goes on with what is under way. */
  readonly takeOver?: boolean;
  /** Of a restore: the term of the backup. */
  readonly backup?: number;
  readonly dryRun?: boolean;
}

export interface Ordered {
  readonly order: MigrationOrder;
  readonly host: { readonly id: string; readonly name: string };
  /** Whose components a restore ends. */
  readonly stops: readonly Blocker[];
}

/**
 * Orders one step of a database's migrations from one host, by the next term. This is the door for whoever drives
 * phases: it decides by core's functions and writes; hosts hear it by direction.
 * @throws XylemError E_MIGRATION_ORDER, E_MIGRATION_NEEDED, E_NOT_FOUND, E_CONFLICT
 */
export async function orderMigration(
  root: Root,
  who: string,
  environment: EnvironmentRow,
  asked: OrderMigration,
): Promise<Ordered> {
  const ordered = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock(environment.id));
    return await decide(root, trx, who, environment, asked);
  });
  if (asked.dryRun !== true) await root.directing.publish(environment.id);
  return ordered;
}

async function decide(
  root: Root,
  trx: Database,
  who: string,
  environment: EnvironmentRow,
  asked: OrderMigration,
): Promise<Ordered> {
  const nowMs = root.clock.now();
  const row = await migratedDatabase(trx, environment.id, asked.database);
  const change = await changeOf(trx, row, asked);
  refuseOthers(row, change, asked);
  const fleet = await fleetNeeds(trx, root, environment.id);
  const step = change.action === 'restore' ? null : change.action === 'undo' ? change.to + 1 : change.to;
  const offered = await offeredPackage(trx, environment, nowMs, { ...asked, step });
  const phase = step === null ? undefined : offered.stepTo(step)?.phase;
  if (asked.phase !== undefined && asked.phase !== phase)
    throw outOfOrder(
      row,
      `the step that is due leads to ${step} and is ${phase ?? 'none'}, not ${asked.phase}`,
    );
  const whole: ShapeChange = { ...change, phase };
  const hosts = await fleet.of(row, change.to);
  const verdict = mayBegin(row.shapes, whole, hosts);
  if (verdict.kind === 'out-of-order') throw outOfOrder(row, verdict.why);
  if (verdict.kind === 'needed') throw needed(row, verdict.blockers);
  const host = await runnerOf(trx, fleet, offered, row, asked);
  const isSameStep = row.last !== null && isSame(row.last.change, whole) && row.last.state !== 'done';
  // As direction's versions: a root server that was restored must not use a term again.
  const term = Math.max(row.term + 1, Math.floor(nowMs / 1000));
  const order: MigrationOrder = {
    database: row.database,
    term,
    action: whole.action,
    to: whole.to,
    product: offered.product,
    component: offered.component,
    release: offered.release as Digest,
    package: offered.package as Digest,
    version: offered.version as Version,
    ...(phase === undefined ? {} : { phase }),
    ...(asked.action === 'restore' ? { backup: await backupNamed(trx, row, asked) } : {}),
  };
  const stops = whole.action === 'restore' ? stoppedBy(row.shapes, whole, hosts) : [];
  if (asked.dryRun === true) return { order, host, stops };
  const before = isSameStep && row.last !== null ? row.last.before : row.shapes;
  const last: LastOrder = {
    order,
    change: whole,
    host: host.id,
    state: 'running',
    report: null,
    before,
    // Of a runner that is silent nobody knows how far it came.
    begun: isSameStep && (row.last?.begun === true || row.last?.state === 'running'),
    by: who,
    startedMs: nowMs,
  };
  const { product, component } = offered;
  const shapes = shapesDuring(row.shapes, whole);
  await saveMigrated(trx, { ...row, product, component, term, shapes, last }, nowMs);
  await appendAudit(trx, nowMs, {
    who,
    what: `migration.${whole.action}`,
    subject: `database/${row.database}`,
    environment: environment.id,
    before: row.shapes,
    after: {
      ...shapes,
      term,
      to: whole.to,
      phase: phase ?? null,
      runner: host.id,
      backup: asked.backup ?? null,
    },
  });
  return { order, host, stops };
}

/** Which change of shapes the order means. */
async function changeOf(db: Database, row: MigratedDatabase, asked: OrderMigration): Promise<ShapeChange> {
  const { shapes, last } = row;
  const isOpen = last !== null && last.state !== 'done' && last.begun;
  switch (asked.action) {
    case 'run': {
      if (isOpen && last.change.action !== 'run')
        throw outOfOrder(row, `its ${last.change.action} was begun and not finished: order that again`);
      return { action: 'run', to: shapes.newest + 1 };
    }
    case 'undo': {
      if (isOpen && last.change.action === 'undo')
        return { action: 'undo', to: last.change.to, unfinished: true };
      if (isOpen && last.change.action === 'run' && last.change.to === shapes.newest + 1)
        return { action: 'undo', to: last.change.to - 1, unfinished: true };
      if (shapes.newest === 0) throw outOfOrder(row, 'nothing was migrated yet');
      return { action: 'undo', to: shapes.newest - 1 };
    }
    case 'restore': {
      const { oldest, newest } = await backupRow(db, row, asked);
      return { action: 'restore', to: newest, restored: { oldest, newest } };
    }
  }
}

/** While one order is under way only another runner for the same step is taken, and only by a word. */
function refuseOthers(row: MigratedDatabase, change: ShapeChange, asked: OrderMigration): void {
  const { last } = row;
  if (last?.state !== 'running') return;
  const same = last.change.action === change.action && last.change.to === change.to;
  if (same && asked.takeOver === true) return;
  if (asked.action === 'restore' && asked.takeOver === true) return;
  throw outOfOrder(
    row,
    `${last.order.action} to ${last.order.to} is under way under term ${last.order.term}${same ? '; --take-over gives it to another runner' : ''}`,
  );
}

const isSame = (a: ShapeChange, b: ShapeChange): boolean => a.action === b.action && a.to === b.to;

async function backupRow(db: Database, row: MigratedDatabase, { backup }: OrderMigration) {
  const found = (await backupsOf(db, row.environment, row.database)).find(({ term }) => term === backup);
  if (found !== undefined) return found;
  throw new XylemError(
    'E_NOT_FOUND',
    `There is no backup ${backup ?? ''} of ${row.database}. \`xylem migrate status\` lists them.`,
  );
}

async function backupNamed(db: Database, row: MigratedDatabase, asked: OrderMigration) {
  const { term, digest } = await backupRow(db, row, asked);
  return { term, digest: digest as Digest };
}

/** The host that does it: the one that is named, where a backup lies, the last one, or the first that is given the component. */
async function runnerOf(
  db: Database,
  fleet: FleetNeeds,
  { component }: Offered,
  row: MigratedDatabase,
  asked: OrderMigration,
): Promise<{ id: string; name: string }> {
  const fits = fleet.hosts.filter(({ id }) => fleet.isGiven(id, component));
  const wanted = asked.runner;
  const named =
    wanted === undefined
      ? undefined
      : fits.filter(
          ({ id, name }) => id === wanted || name === wanted || (wanted.length >= 4 && id.startsWith(wanted)),
        );
  if (asked.action === 'restore') {
    const { host } = await backupRow(db, row, asked);
    const holder = fits.find(({ id }) => id === host);
    if (holder !== undefined && (named === undefined || named.includes(holder))) return holder;
    throw new XylemError(
      'E_MIGRATION_ORDER',
      `The backup lies on the host ${host}, and only there can it be restored.`,
    );
  }
  if (named !== undefined && named.length !== 1)
    throw new XylemError('E_NOT_FOUND', `${wanted} is not one host that is given ${component}.`);
  const last = asked.takeOver === true ? undefined : fits.find(({ id }) => id === row.last?.host);
  const other = fits.find(({ id }) => asked.takeOver !== true || id !== row.last?.host);
  const host = named?.[0] ?? last ?? other ?? fits[0];
  if (host !== undefined) return host;
  throw new XylemError(
    'E_MIGRATION_ORDER',
    `No host is given ${component}, whose configuration says where ${row.database} is. Deploy it first; hosts wait for the migration.`,
  );
}

const outOfOrder = ({ database }: MigratedDatabase, why: string): XylemError =>
  new XylemError('E_MIGRATION_ORDER', `Not with ${database}: ${why}.`);

const mostNamed = 5;

function needed({ database }: MigratedDatabase, blockers: readonly Blocker[]): XylemError {
  const hosts = Map.groupBy(blockers, ({ host }) => host);
  const lines = [...hosts.values()].slice(0, mostNamed).map(([first]) => {
    if (first === undefined) return '';
    const { component, version, accepts, how } = first.need;
    return `${first.name} ${how === 'runs' ? 'runs' : 'is directed to'} ${component} ${version}, which accepts ${accepts.from} to ${accepts.to}`;
  });
  const more = hosts.size > mostNamed ? `; and ${hosts.size - mostNamed} more` : '';
  return new XylemError(
    'E_MIGRATION_NEEDED',
    `${hosts.size} ${hosts.size === 1 ? 'host needs' : 'hosts need'} what the step would take from ${database}: ${lines.join('; ')}${more}.`,
    { details: { database, hosts: [...hosts.keys()].slice(0, 1_000) } },
  );
}
