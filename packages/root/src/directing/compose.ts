import {
  type Assignment,
  aheadAssignments,
  buildHostMap,
  type DesiredState,
  type Digest,
  type DomainId,
  desiredAssignments,
  directionFormat,
  type EnvironmentId,
  type EnvironmentPolicy,
  type HostId,
  type HostMap,
  type HostMapEntry,
  hasEnded,
  heldPins,
  isStray,
  jcs,
  type ProductDirection,
  type RepositoryId,
  sha256,
  strayPins,
  withSealed,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { evidenceOf, type Place } from '../deployments/evidence.ts';
import { hostWords } from '../deployments/host-words.ts';
import { deploymentOf, productDirections } from '../deployments/rows.ts';
import { allEnvironments, fullName } from '../environments/names.ts';
import { type HostRecord, hostsIn, hostsLeaving } from '../hosts/host-rows.ts';
import { pinsOf } from '../hosts/pins.ts';
import { revokedIn } from '../hosts/revoked.ts';
import { jobOrders, withJobs } from '../jobs/carried.ts';
import { preflightOrders, withPreflights } from '../jobs/preflights.ts';
import { migrationWords, withOrders } from '../migrations/carried.ts';
import { leavingEntries } from '../moves/carry-out.ts';
import { quarantineWords } from '../quarantine/carried.ts';
import { reparentOrders, withReparent } from '../reparenting/carried.ts';
import { sealedConfigs, wrapsIn } from '../secrets/rows.ts';
import { type TrafficRow, trafficRows, undirected, withServing, withSwitched } from '../traffic/rows.ts';
import { throughWords } from '../transitions/waypoints.ts';
import { hostProbes } from '../verification/on-hosts.ts';

/** What an environment's desired state should say, without what belongs to its signing. */
export interface Composed {
  readonly body: Omit<DesiredState, 'number' | 'issued' | 'repositories'>;
  readonly hostMap: HostMap;
  readonly entries: ReadonlyMap<HostId, HostMapEntry>;
  /** Equal for equal meaning. */
  readonly meaning: Digest;
  /** The quarantines whose lifts it carries. */
  readonly lifted: readonly string[];
  /** Switches of traffic that no desired state has said before. */
  readonly switched: readonly TrafficRow[];
}

/** Computes the desired state and host map of an environment from the database alone. */
export async function compose(
  db: Database,
  id: string,
  collector: Uint8Array,
  nowMs: number,
): Promise<Composed> {
  const environment = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const name = fullName(environment);
  const spec = withSealed(
    await withServing(db, environment.id, parseEnvironmentYaml(environment.yaml, name)),
    await sealedConfigs(db, environment.id),
  );
  const wraps = await wrapsIn(db, environment.id);
  const directions = await productDirections(db, environment.id);
  const ahead = await preflightOrders(db, environment.id);
  const directed = await withSwitched(db, environment.id, spec, desiredAssignments(spec, directions));
  const assignments = [...directed, ...aheadAssignments(spec, ahead.parts, directed)];
  const hosts = await hostsIn(db, [environment.id]);
  const held = await pinsOfHeldHosts(db, directions, hosts, nowMs);
  const active = activeIds(directions);
  const words = await hostWords(db, environment.id);
  const entries = new Map<HostId, HostMapEntry>(
    hosts.map((host) => [
      host.id as HostId,
      withRetry(
        entryOf(
          host,
          { ...held.get(host.id), ...keptPinsOf(host, active), ...words.pins.get(host.id) },
          wraps.get(host.id),
        ),
        words.retries.get(host.id),
      ),
    ]),
  );
  const leaving = await hostsLeaving(db, environment.id);
  const toOthers = await leavingEntries(db, environment.id, leaving);
  const names =
    leaving.length === 0
      ? new Map<string, string>()
      : new Map((await allEnvironments(db)).map((row) => [row.id, fullName(row)]));
  for (const host of leaving) {
    const move = { environment: host.environment as EnvironmentId, name: names.get(host.environment) ?? '' };
    entries.set(host.id as HostId, toOthers.get(host.id) ?? { ...entryOf(host), move });
  }
  const migrations = await migrationWords(db, environment.id);
  withOrders(entries, migrations.orders);
  withJobs(entries, await jobOrders(db, environment.id));
  withPreflights(entries, ahead.orders);
  withReparent(entries, await reparentOrders(db, environment.id));
  const hostMap = buildHostMap(entries);
  const revoked = await revokedIn(db, environment.id, nowMs);
  const { words: quarantined, lifted } = await quarantineWords(db, environment, hosts);
  const policy = policyFrom(spec.policy);
  const ways = await throughWords(db, environment.id, directions, hosts, nowMs);
  const body: Composed['body'] = {
    ...directionFormat({ policy, assignments, ...ways }),
    environment: environment.id as EnvironmentId,
    name,
    products: await productsOf(db, assignments),
    assignments,
    purge: await purgeOf(db, environment.id),
    policy,
    collector: { key: Buffer.from(collector).toString('base64url') },
    hostMap: hostMap.root,
    ...(revoked.length === 0 ? {} : { revoked }),
    ...ways,
    ...quarantined,
    ...migrations.words,
  };
  const switched = undirected(await trafficRows(db, environment.id));
  return { body, hostMap, entries, meaning: sha256(jcs(body)), lifted, switched };
}

/** What of the environment's policy hosts enforce. */
function policyFrom(policy: EnvironmentPolicy): DesiredState['policy'] {
  const { reportEverySeconds, keepPrevious, lockAtMostSeconds, drift } = policy;
  const { windows, freezes, urgentPassesFreezes, quota } = policy;
  const verify = hostProbes(policy.verify ?? []);
  return {
    reportEverySeconds,
    keepPrevious,
    ...(lockAtMostSeconds === undefined ? {} : { lockAtMostSeconds }),
    ...(drift === 'report' ? { drift } : {}),
    ...(verify.length === 0 ? {} : { verify }),
    ...(windows === undefined ? {} : { windows }),
    ...(freezes === undefined ? {} : { freezes }),
    ...(urgentPassesFreezes === undefined ? {} : { urgentPassesFreezes }),
    ...(quota === undefined ? {} : { quota }),
  };
}

/** What the host map says to a host. */
export function entryOf(
  host: HostRecord,
  others: Readonly<Record<string, Digest>> = {},
  wrap?: { readonly generation: number; readonly age: string },
): HostMapEntry {
  // The operator's win.
  const pins = { ...others, ...pinsOf(host.pinned) };
  return {
    name: host.name,
    labels: { ...host.labels },
    ...(host.parents.length > 0 ? { parents: [...host.parents] } : {}),
    ...(Object.keys(pins).length > 0 ? { pins } : {}),
    ...(Object.keys(host.config).length > 0 ? { config: copyOf(host.config) } : {}),
    ...(Object.keys(host.adopt).length > 0 ? { adopt: { ...host.adopt } } : {}),
    ...(Object.keys(host.undo).length > 0 ? { undo: { ...host.undo } } : {}),
    ...(host.limits.length > 0 ? { limits: [...host.limits] } : {}),
    ...(host.serve ? { serve: true } : {}),
    ...(host.retired ? { retired: true } : {}),
    ...(wrap === undefined || host.retired || host.revoked !== null
      ? {}
      : { keys: { [wrap.generation]: wrap.age } }),
  };
}

const copyOf = (config: HostRecord['config']) =>
  Object.fromEntries(Object.entries(config).map(([component, values]) => [component, { ...values }]));

const withRetry = (entry: HostMapEntry, retry: HostMapEntry['retry']): HostMapEntry =>
  retry === undefined ? entry : { ...entry, retry };

/** Deployments that are under way. */
function activeIds(directions: readonly ProductDirection[]): ReadonlySet<string> {
  const active = directions
    .flatMap(({ deployments }) => deployments)
    .filter(({ deployment }) => !hasEnded(deployment));
  return new Set(active.map(({ deployment }) => deployment.id));
}

/** What a host relabelled in the middle of a deployment keeps until that ends. */
function keptPinsOf({ kept }: HostRecord, active: ReadonlySet<string>): Record<string, Digest> {
  const still = Object.entries(kept).filter(([, { deployment }]) => active.has(deployment));
  return Object.fromEntries(still.map(([component, { package: digest }]) => [component, digest]));
}

/** Hosts that are held at what they ran, being offline or without room when their turn came, or that stray from their cohort (core). */
async function pinsOfHeldHosts(
  db: Database,
  directions: readonly ProductDirection[],
  hosts: readonly HostRecord[],
  nowMs: number,
): Promise<Map<string, Readonly<Record<string, Digest>>>> {
  const pins = new Map<string, Readonly<Record<string, Digest>>>();
  for (const { deployments, settled } of directions) {
    const newest = deployments[0]?.deployment;
    if (newest === undefined) continue;
    const concerns = (place: Place) => place.held || isStray(newest, place);
    const evidence = await evidenceOf(db, newest, hosts, nowMs, { concerns });
    const settledPackages = new Map(
      (settled?.release.packages ?? []).map((part) => [part.component, part.package]),
    );
    for (const host of evidence) {
      const own = host.held ? heldPins(newest, host) : strayPins(newest, host, settledPackages);
      if (Object.keys(own).length > 0) pins.set(host.id, { ...pins.get(host.id), ...own });
    }
  }
  return pins;
}

async function productsOf(
  db: Database,
  assignments: readonly Assignment[],
): Promise<DesiredState['products']> {
  const names = [...new Set(assignments.map(({ product }) => product))];
  if (names.length === 0) return {};
  const rows = await db.selectFrom('products').selectAll().where('product', 'in', names).execute();
  return Object.fromEntries(
    rows.map((row) => [
      row.product,
      { repository: row.repository as RepositoryId, domain: row.domain as DomainId },
    ]),
  );
}

/** Components whose undeploy takes the data along, while it is the last word about their product. */
async function purgeOf(db: Database, environment: string): Promise<string[]> {
  const rows = await db
    .selectFrom('deployments')
    .selectAll()
    .where('environment', '=', environment)
    .where('sequence', 'in', (e) =>
      e
        .selectFrom('deployments')
        .select((f) => f.fn.max('sequence').as('sequence'))
        .where('environment', '=', environment)
        .groupBy('product'),
    )
    .execute();
  return rows
    .map(deploymentOf)
    .filter((deployment) => deployment.kind === 'undeploy' && deployment.purgeData)
    .flatMap((deployment) => Object.keys(deployment.components))
    .sort();
}
