import { type Digest, parseRelease, timeOf } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { RecallHost } from '../api/schemas/recalls.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { advancePolicyOf } from '../deployments/evidence.ts';
import { deploymentOf, productDirections } from '../deployments/rows.ts';
import { allEnvironments, type EnvironmentRow, fullName, refOf } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { pinWords } from '../hosts/pins.ts';
import type { RecallRow } from './rows.ts';

type Recalled = Pick<RecallRow, 'product' | 'release' | 'since_ms'>;

/** A host that something of the release may still be on. */
interface Left {
  readonly host: string;
  readonly environment: string;
  /** What it reports of the release; none: it was told to run it, and was not heard since. */
  readonly components: string[];
}

/**
 * Hosts that report a package of a recalled release, and those that were admitted to it and have said nothing since
 * somebody decided otherwise. Retired and revoked hosts count no more: nobody hears them.
 */
export async function hostsLeft(
  db: Database,
  recall: Recalled,
  within: Within,
  nowMs: number,
): Promise<RecallHost[]> {
  const environments = new Map((await allEnvironments(db)).filter(within).map((row) => [row.id, row]));
  const left = new Map<string, Left>();
  for (const one of await unheard(db, recall)) left.set(one.host, one);
  for (const one of await reporting(db, recall)) left.set(one.host, one);
  const named = [...left.values()].filter(({ environment }) => environments.has(environment));
  const hosts = new Map(
    (await hostsIn(db, [...new Set(named.map(({ environment }) => environment))])).map((one) => [
      one.id,
      one,
    ]),
  );
  const heard = await lastReports(db, [...left.keys()]);
  const shown: RecallHost[] = [];
  for (const { host: id, environment: where, components } of named) {
    const host = hosts.get(id);
    const environment = environments.get(where);
    if (host === undefined || environment === undefined || host.retired || host.revoked !== null) continue;
    const reportedMs = heard.get(id) ?? null;
    const pins = Object.entries(host.pinned).filter(([component]) => components.includes(component));
    shown.push({
      id,
      name: host.name,
      environment: refOf(environment),
      components,
      lastReport: reportedMs === null ? null : timeOf(reportedMs),
      silent: isSilent(environment, reportedMs, nowMs),
      pinned: pins.length === 0 ? null : pinWords(Object.fromEntries(pins)).join('; '),
    });
  }
  return shown.sort((a, b) =>
    `${a.environment.name} ${a.name}` < `${b.environment.name} ${b.name}` ? -1 : 1,
  );
}

function isSilent(environment: EnvironmentRow, reportedMs: number | null, nowMs: number): boolean {
  const { policy } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const { offlineAfterMs } = advancePolicyOf(policy.reportEverySeconds);
  return reportedMs === null || nowMs - reportedMs > offlineAfterMs;
}

/** A package that the environment's present release has too is no trace of the recalled one. */
async function reporting(db: Database, { product, release }: Recalled): Promise<Left[]> {
  const packages = await packagesOf(db, product, release);
  const rows = await db
    .selectFrom('host_components as c')
    .innerJoin('hosts as h', 'h.id', 'c.host')
    .select(['c.host', 'h.environment', 'c.component', 'c.package'])
    .where('c.product', '=', product)
    .where('c.package', 'in', [...packages, ''])
    .where('h.retired', '=', 0)
    .orderBy('c.component')
    .execute();
  const shared = new Map<string, ReadonlySet<string>>();
  const left = new Map<string, Left>();
  for (const { host, environment, component, package: digest } of rows) {
    const own = shared.get(environment) ?? (await presentPackages(db, environment, product, release));
    shared.set(environment, own);
    if (own.has(digest)) continue;
    const known = left.get(host) ?? { host, environment, components: [] };
    known.components.push(component);
    left.set(host, known);
  }
  return [...left.values()];
}

async function packagesOf(db: Database, product: string, release: string): Promise<Set<string>> {
  const row = await db
    .selectFrom('releases')
    .select('document')
    .where('product', '=', product)
    .where('release', '=', release)
    .executeTakeFirst();
  return new Set(row === undefined ? [] : parseRelease(row.document).packages.map((one) => one.package));
}

/** Of the last word about the product in an environment, unless that is the recalled release. */
async function presentPackages(
  db: Database,
  environment: string,
  product: string,
  recalled: string,
): Promise<ReadonlySet<string>> {
  const direction = (await productDirections(db, environment)).find((one) => one.product === product);
  const newest = direction?.deployments[0];
  const present: Digest | null =
    (newest === undefined ? direction?.settled?.digest : newest.release?.digest) ?? null;
  return present === null || present === recalled ? new Set() : await packagesOf(db, product, present);
}

async function unheard(db: Database, { product, release, since_ms: sinceMs }: Recalled): Promise<Left[]> {
  const rows = await db
    .selectFrom('deployments')
    .select(['id', 'environment', 'created_ms'])
    .where('product', '=', product)
    .orderBy('sequence', 'desc')
    .execute();
  const naming = await db
    .selectFrom('deployments')
    .select(['id', 'document'])
    .where('product', '=', product)
    .where('document', 'like', `%${release}%`)
    .execute();
  const bringing = new Set(
    naming.filter((row) => deploymentOf(row).to?.digest === release).map(({ id }) => id),
  );
  const left: Left[] = [];
  /** By environment: when the next deployment of the product began. */
  const next = new Map<string, number>();
  for (const row of rows) {
    const until = next.get(row.environment) ?? sinceMs;
    next.set(row.environment, row.created_ms);
    if (!bringing.has(row.id)) continue;
    const admitted = await db
      .selectFrom('deployment_hosts as m')
      .innerJoin('hosts as h', 'h.id', 'm.host')
      .leftJoin('host_states as r', 'r.host', 'm.host')
      .select(['m.host', 'h.environment'])
      .where('m.deployment', '=', row.id)
      .where('m.admitted_ms', 'is not', null)
      .where('h.retired', '=', 0)
      .where((e) => e.or([e('r.heard_ms', 'is', null), e('r.heard_ms', '<', until)]))
      .execute();
    for (const { host, environment } of admitted) left.push({ host, environment, components: [] });
  }
  return left;
}

async function lastReports(db: Database, hosts: readonly string[]): Promise<Map<string, number>> {
  const heard = new Map<string, number>();
  for (let at = 0; at < hosts.length; at += 500) {
    const rows = await db
      .selectFrom('host_states')
      .select(['host', 'heard_ms'])
      .where('host', 'in', hosts.slice(at, at + 500))
      .execute();
    for (const { host, heard_ms: heardMs } of rows) if (heardMs !== null) heard.set(host, heardMs);
  }
  return heard;
}
