import { checkHostMapEntry, XylemError } from '@xylem/core';
import type { Insertable } from 'kysely';
import type { HostSelection, HostsChanged } from '../api/schemas/index.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { lockFor } from '../db/lock.ts';
import type { Database, Tables } from '../db/tables.ts';
import { entryOf } from '../directing/compose.ts';
import type { Root } from '../root.ts';
import type { HostRecord } from './host-rows.ts';
import { refuseLoops } from './loops.ts';
import { selectHosts } from './select.ts';
import { environmentRefs } from './views.ts';

type Changed =
  | 'labels'
  | 'parents'
  | 'parents_rule'
  | 'config'
  | 'kept'
  | 'pinned'
  | 'serve'
  | 'serves'
  | 'retired'
  | 'revoked_ms'
  | 'revoked_reason'
  | 'cloned'
  | 'environment'
  | 'moving_from'
  | 'adopt'
  | 'undone_returns'
  | 'most_children'
  | 'link_limits';

export interface HostChange {
  /** `host.label`, for the audit log. */
  readonly what: string;
  readonly who: Who;
  readonly dryRun: boolean;
  readonly withRetired?: boolean;
  /** The columns to write, or null where the host is as it should be. */
  readonly change: (host: HostRecord) => Columns | null;
  /** What else could stand against it. @throws XylemError */
  readonly check?: (hosts: readonly string[]) => Promise<void>;
  /** What the audit log says besides. */
  readonly note?: (host: HostRecord) => Readonly<Record<string, unknown>>;
  /** Called when it is written, before anything is directed anew. */
  readonly written?: () => Promise<void>;
  /** Environments to direct anew besides those of the hosts; `*`: all. */
  readonly alsoIn?: (hosts: readonly string[]) => Promise<ReadonlySet<string>>;
}

type Columns = Partial<Pick<Insertable<Tables['hosts']>, Changed>>;

const shown = 100;

/** Changes the hosts that a selection means, all in one transaction, and directs their environments anew at once. */
export async function changeHosts(
  root: Root,
  select: HostSelection,
  change: HostChange,
): Promise<HostsChanged> {
  const within = change.who.access.within('operate');
  const options = { tenant: root.config.tenant, within, withRetired: change.withRetired ?? false };
  const hosts = await selectHosts(root.db, select, options);
  if (hosts.length === 0) throw new XylemError('E_NOT_FOUND', 'The selection fits no host.');
  const changes = hosts.flatMap((host) => {
    const columns = change.change(host);
    if (columns === null) return [];
    const next = changed(host, columns);
    checkHostMapEntry(host.name, entryOf(next));
    return [{ host, columns, next }];
  });
  await change.check?.(changes.map(({ host }) => host.id));
  const replaced = changes.filter(
    ({ columns }) => columns.parents !== undefined || columns.serve !== undefined,
  );
  const refuse = (db: Database): Promise<void> =>
    refuseLoops(
      db,
      replaced.map(({ next }) => next),
      change.who.access.within('read'),
    );
  if (change.dryRun) await refuse(root.db);
  else if (changes.length > 0) {
    await root.db.transaction().execute(async (trx) => {
      if (replaced.length > 0) await lockFor(trx, 'parents');
      await refuse(trx);
      await write(trx, root.clock.now(), change, changes);
    });
    await change.written?.();
    // One that is on its way still hears the environment that it leaves.
    const own = new Set(
      changes.flatMap(({ host }) => [
        host.environment,
        ...(host.movingFrom === null ? [] : [host.movingFrom]),
      ]),
    );
    for (const id of own) {
      await root.deploying.evaluate(id);
      await root.directing.publish(id);
    }
    const others = await change.alsoIn?.(changes.map(({ host }) => host.id));
    if (others?.has('*')) await root.directing.publishAll();
    else for (const id of others ?? []) if (!own.has(id)) await root.directing.publish(id);
  }
  return changedOf(hosts, changes.length, await environmentRefs(root));
}

/** What a change of these hosts answers. Pure. */
export function changedOf(
  hosts: readonly HostRecord[],
  changed: number,
  names: ReadonlyMap<string, { readonly name: string }>,
): HostsChanged {
  return {
    count: hosts.length,
    changed,
    hosts: hosts.slice(0, shown).map(({ id, name, environment }) => ({
      id,
      name,
      environment: names.get(environment)?.name ?? environment,
    })),
  };
}

/** The host as it will be directed. */
function changed(
  host: HostRecord,
  { labels, parents, config, adopt, pinned, undone_returns: undo, link_limits: limits, serve }: Columns,
): HostRecord {
  return {
    ...host,
    ...(labels === undefined ? {} : { labels: JSON.parse(labels) as HostRecord['labels'] }),
    ...(parents === undefined ? {} : { parents: JSON.parse(parents) as string[] }),
    ...(config === undefined ? {} : { config: JSON.parse(config) as HostRecord['config'] }),
    ...(adopt === undefined ? {} : { adopt: JSON.parse(adopt) as HostRecord['adopt'] }),
    ...(pinned == null ? {} : { pinned: JSON.parse(pinned) as HostRecord['pinned'] }),
    ...(serve === undefined ? {} : { serve: serve === 1 }),
    ...(limits === undefined ? {} : { limits: JSON.parse(limits) as HostRecord['limits'] }),
    ...(undo === undefined ? {} : { undo: JSON.parse(undo) as HostRecord['undo'] }),
  };
}

async function write(
  trx: Database,
  nowMs: number,
  { who, what, note }: HostChange,
  changes: readonly { host: HostRecord; columns: object }[],
): Promise<void> {
  for (const { host, columns } of changes) {
    const { numUpdatedRows } = await trx
      .updateTable('hosts')
      .set(columns)
      .where('id', '=', host.id)
      // What was meant for a host of this environment is nothing for one that has just gone to another tenant.
      .where('environment', '=', host.environment)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) continue;
    const { labels, parents, config, pinned, serve, serves, retired } = host;
    await appendAudit(trx, nowMs, {
      who: who.name,
      what,
      subject: `host/${host.id}`,
      environment: host.environment,
      before: { labels, parents, config, pinned, serve, serves, retired },
      after: { ...columns, ...note?.(host) },
    });
  }
}
