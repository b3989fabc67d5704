import {
  dueSteps,
  type KnownRelease,
  mappingOf,
  noShapes,
  type PackageDocument,
  type PlanFacts,
  type ProductDirection,
  runningVersions,
  type Shapes,
  specFacts,
  stepsNotUndone,
  type Version,
  type WayBack,
  XylemError,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { heardIn } from '../deployments/evidence.ts';
import type { HeardReport } from '../deployments/heard-report.ts';
import type { Candidate } from '../gates/gate.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import { refuseContracted } from '../migrations/refuse.ts';
import { documentsOf, migratedIn } from '../migrations/rows.ts';
import { refuseQuarantined } from '../quarantine/refuse.ts';
import { refuseRecalled } from '../recalls/rows.ts';

/** A host that counts, and what it last said of itself; undefined: nothing yet. */
export interface HeardHost {
  readonly host: HostRecord;
  readonly report: HeardReport | undefined;
  /** When that came; null: nothing yet. */
  readonly heardMs: number | null;
}

/** What is known of one environment when a plan is made or started. */
export interface Surveyed {
  readonly candidate: Candidate;
  readonly hosts: readonly HeardHost[];
  /** Packages of the target that are mapped in this environment. */
  readonly coming: readonly PackageDocument[];
  readonly shapesOf: (database: string) => Shapes;
  readonly facts: PlanFacts;
}

/** Reads what is material about a candidate's environment (docs/spec/plans.md, Facts). Writes nothing. */
export async function survey(trx: Database, candidate: Candidate, purgeData: boolean): Promise<Surveyed> {
  const { environment, spec, product, target, directions, nowMs } = candidate;
  const { reports } = await heardIn(trx, environment.id, nowMs);
  const hosts = (await hostsIn(trx, [environment.id]))
    .filter(({ retired, revoked }) => !retired && revoked === null)
    .map((host) => {
      const heard = reports.get(host.id);
      return { host, report: heard?.report, heardMs: heard?.receivedMs ?? null };
    });
  const databases = await migratedIn(trx, environment.id);
  const shapesOf = (name: string): Shapes =>
    databases.find(({ database }) => database === name)?.shapes ?? noShapes;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const parts = (target?.release.packages ?? []).filter(
    ({ component }) => mapping !== undefined && mappingOf(mapping, component) !== undefined,
  );
  const documents = await documentsOf(
    trx,
    parts.map((part) => part.package),
  );
  const coming = parts.flatMap((part) => documents.get(part.package) ?? []);
  const runs = runningVersions(hosts.flatMap(({ report }) => report ?? []));
  const names = [...new Set([...runs.keys(), ...parts.map(({ component }) => component)])].sort();
  const used = new Set(coming.flatMap(({ migrations }) => migrations?.database ?? []));
  for (const { database } of databases) used.add(database);
  return {
    candidate,
    hosts,
    coming,
    shapesOf,
    facts: {
      spec: specFacts(spec),
      products: Object.fromEntries(
        directions.map(({ product: name, settled, deployments }) => [
          name,
          { settled: versionOf(settled), newest: versionOf(newestOf(settled, deployments)) },
        ]),
      ),
      components: Object.fromEntries(
        names.map((name) => [
          name,
          {
            runs: runs.get(name) ?? [],
            target: parts.find(({ component }) => component === name)?.version ?? null,
          },
        ]),
      ),
      databases: Object.fromEntries([...used].sort().map((name) => [name, { ...shapesOf(name) }])),
      back: await wayBack(trx, candidate, coming, shapesOf, purgeData),
    },
  };
}

const newestOf = (
  settled: KnownRelease | null,
  [newest]: ProductDirection['deployments'],
): KnownRelease | null => (newest === undefined ? settled : newest.release);

const versionOf = (known: KnownRelease | null): Version | null => known?.release.version ?? null;

async function wayBack(
  trx: Database,
  { direction: { settled }, environment }: Candidate,
  coming: readonly PackageDocument[],
  shapesOf: (database: string) => Shapes,
  purgeData: boolean,
): Promise<WayBack> {
  const purged = purgeData ? ['Data folders that it removes do not come back.'] : [];
  if (settled === null)
    return {
      to: null,
      cannot: ['No earlier release has settled here: only an undeploy takes it away.', ...purged].sort(),
    };
  const { product, version } = settled.release;
  const refused = await refusalOf(async () => {
    await refuseRecalled(trx, environment.id, settled.digest);
    await refuseQuarantined(trx, environment, settled);
    await refuseContracted(trx, environment, settled);
  });
  const row = await trx
    .selectFrom('releases')
    .select(['withdrawn', 'retired'])
    .where('product', '=', product)
    .where('release', '=', settled.digest)
    .executeTakeFirst();
  const gone = row?.retired === 1 ? 'retired' : row?.withdrawn === 1 ? 'withdrawn' : null;
  const former = await documentsOf(
    trx,
    settled.release.packages.map((part) => part.package),
  );
  const cannot = [
    ...purged,
    ...(refused === null ? [] : [refused]),
    ...(gone === null
      ? []
      : [`${product}@${version} was ${gone} by its publisher: hosts that left it don't take it again.`]),
    ...stepsNotUndone(dueSteps(coming, shapesOf), [...former.values()]),
  ];
  return { to: version, cannot: cannot.sort() };
}

/** What a gate of the way back would say; null: it is open. */
async function refusalOf(look: () => Promise<void>): Promise<string | null> {
  try {
    await look();
    return null;
  } catch (error) {
    if (
      error instanceof XylemError &&
      (error.code === 'E_QUARANTINED' || error.code === 'E_MIGRATION_CONTRACTED')
    )
      return error.message;
    throw error;
  }
}
