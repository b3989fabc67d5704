import type { DesiredState, Digest, Report, Version } from '@xylem/core';
import { timeOf } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { operatorsChain } from './operators.ts';

/** Of an environment at once (docs/spec/direction.md, Quarantine). */
const mostLifts = 128;
/** Environments from which hosts came, beside the own. */
const mostOthers = 3;

export interface QuarantineWords {
  readonly words: Pick<DesiredState, 'quarantined' | 'lifts' | 'operators'>;
  /** The quarantines whose lifts are carried. */
  readonly lifted: readonly string[];
}

/** What an environment's desired state says of quarantines; nothing of what no host needs to hear any more. */
export async function quarantineWords(
  db: Database,
  environment: { readonly id: string; readonly tenant: string },
  hosts: readonly HostRecord[],
): Promise<QuarantineWords> {
  const open = await db
    .selectFrom('quarantines')
    .selectAll()
    .where('environment', '=', environment.id)
    .where('lifted_ms', 'is', null)
    .orderBy('release')
    .orderBy('id')
    .execute();
  const lifts = await neededLifts(db, environment, hosts);
  const others = [...new Set(lifts.map((lift) => lift.environment))].filter((id) => id !== environment.id);
  const operators: object[] = [];
  for (const id of [environment.id, ...others.sort().slice(0, mostOthers)]) {
    operators.push(...(await operatorsChain(db, id)).map(({ envelope }) => JSON.parse(envelope) as object));
  }
  const quarantined = open.map(({ product, release, version, id, since_ms: sinceMs }) => ({
    product,
    release: release as Digest,
    version: version as Version,
    id,
    since: timeOf(sinceMs),
  }));
  type Envelopes = NonNullable<DesiredState['lifts']>;
  return {
    words: {
      ...(quarantined.length === 0 ? {} : { quarantined }),
      ...(lifts.length === 0
        ? {}
        : { lifts: lifts.map(({ envelope }) => JSON.parse(envelope)) as Envelopes }),
      ...(operators.length === 0 ? {} : { operators: operators as unknown as Envelopes }),
    },
    lifted: lifts.map(({ quarantine }) => quarantine),
  };
}

/** The ids that hosts say they remember, and the desired state that each has reported. */
interface Said {
  readonly held: ReadonlySet<string>;
  readonly numbers: ReadonlyMap<string, number>;
}

async function neededLifts(
  db: Database,
  environment: { readonly id: string; readonly tenant: string },
  hosts: readonly HostRecord[],
) {
  const known = await db
    .selectFrom('quarantine_lifts as l')
    .innerJoin('environments as e', 'e.id', 'l.environment')
    .select(['l.quarantine', 'l.environment', 'l.created_ms', 'l.carried_number', 'l.done'])
    .where('e.tenant', '=', environment.tenant)
    .orderBy('l.created_ms', 'desc')
    .orderBy('l.quarantine')
    .execute();
  // Where nobody of the tenant ever lifted anything, nobody's reports are read.
  if (known.length === 0) return [];
  const isUnsettled = (row: (typeof known)[number]): boolean =>
    row.environment === environment.id && row.done === 0;
  const counted = hosts.filter(({ retired, revoked }) => !retired && revoked === null);
  const { held, numbers } = await saidBy(db, environment.id, counted, known.some(isUnsettled));
  const rows = known.filter((row) => isUnsettled(row) || held.has(row.quarantine));
  const isNeeded = (row: (typeof rows)[number]): boolean => {
    if (held.has(row.quarantine) || row.carried_number === null) return true;
    const first = row.carried_number;
    // Who joined later never heard of what was lifted.
    return counted.some(({ id, joinedMs }) => joinedMs <= row.created_ms && (numbers.get(id) ?? 0) < first);
  };
  const needed = rows.filter(isNeeded).slice(0, mostLifts);
  const ids = [...needed.map(({ quarantine }) => quarantine), ''];
  return await db
    .selectFrom('quarantine_lifts')
    .selectAll()
    .where('quarantine', 'in', ids)
    .orderBy('created_ms')
    .orderBy('quarantine', 'desc')
    .execute();
}

/** @param all also what those say that remember nothing */
async function saidBy(
  db: Database,
  environment: string,
  hosts: readonly HostRecord[],
  all: boolean,
): Promise<Said> {
  let reports = db.selectFrom('reports').select(['host', 'document']).where('environment', '=', environment);
  if (!all) reports = reports.where('holds', 'is not', null);
  const rows = await reports.execute();
  const known = new Set(hosts.map(({ id }) => id));
  const held = new Set<string>();
  const numbers = new Map<string, number>();
  for (const { host, document } of rows) {
    if (!known.has(host)) continue;
    const { quarantine, direction } = JSON.parse(document) as Pick<Report, 'quarantine' | 'direction'>;
    numbers.set(host, direction.number);
    for (const id of quarantine?.held ?? []) held.add(id);
  }
  return { held, numbers };
}

/** Keeps which desired state first carried a lift, and which are carried no more. */
export async function noteCarried(
  trx: Database,
  environment: string,
  lifted: readonly string[],
  number: number,
): Promise<void> {
  const own = () => trx.updateTable('quarantine_lifts').where('environment', '=', environment);
  const ids = [...lifted, ''];
  await own()
    .set({ carried_number: number })
    .where('carried_number', 'is', null)
    .where('quarantine', 'in', ids)
    .execute();
  await own()
    .set({ done: 1 })
    .where('done', '=', 0)
    .where('carried_number', 'is not', null)
    .where('quarantine', 'not in', ids)
    .execute();
}

/** Environments in which a host reports that it holds what was lifted: they must hear of it again. */
export async function needLifts(db: Database, reports: readonly Report[]): Promise<Set<string>> {
  const holding = reports.flatMap(({ environment, quarantine }) =>
    (quarantine?.held ?? []).map((id) => ({ environment, id })),
  );
  if (holding.length === 0) return new Set();
  const ids = [...new Set(holding.map(({ id }) => id))].slice(0, 10_000);
  const rows = await db
    .selectFrom('quarantine_lifts as l')
    .innerJoin('environments as e', 'e.id', 'l.environment')
    .select(['l.quarantine', 'l.environment', 'l.done', 'e.tenant'])
    .where('l.quarantine', 'in', ids)
    .execute();
  if (rows.length === 0) return new Set();
  const environments = await db.selectFrom('environments').select(['id', 'tenant']).execute();
  const tenants = new Map(environments.map(({ id, tenant }) => [id, tenant]));
  const lifts = new Map(rows.map((row) => [row.quarantine, row]));
  // To another tenant no lift is told, however often a host that came from here says what it remembers.
  const isLacking = ({ environment, id }: (typeof holding)[number]): boolean => {
    const lift = lifts.get(id);
    if (lift === undefined || lift.tenant !== tenants.get(environment as string)) return false;
    return lift.done === 1 || lift.environment !== environment;
  };
  return new Set(holding.filter(isLacking).map(({ environment }) => environment));
}
