import {
  type ComponentChange,
  configFor,
  type Deployment,
  type DeploymentId,
  type DeploymentKind,
  type Digest,
  type EnvironmentId,
  type EnvironmentSpec,
  initialThreshold,
  type KnownRelease,
  mappingOf,
  type ProductDirection,
  parsePackage,
  type ReleaseName,
  refuseConflicts,
  refuseUnmetRequirements,
  type Strategy,
  type Unfit,
  withSealed,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { withProduct } from '../environments/edit-yaml.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { refuseContracted } from '../migrations/refuse.ts';
import { requireEvidence } from '../publishing/evidence.ts';
import { retiredRelease } from '../publishing/releases.ts';
import { requireVouched } from '../publishing/still-vouched.ts';
import { refuseQuarantined } from '../quarantine/refuse.ts';
import { sealedConfigs } from '../secrets/rows.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { deployingLock, knownRelease, productDirections, saveDeployment } from './rows.ts';
import { namesOf, refuseUnfit, unfitFor } from './unfit.ts';

export interface StartDeployment {
  readonly environment: EnvironmentRow;
  readonly kind: DeploymentKind;
  readonly product: string;
  /** Of a deploy; of a rollback to other than the release before. */
  readonly version?: string;
  readonly strategy?: Strategy;
  readonly purgeData?: boolean;
  /** Hosts that the release has no fitting variant for keep what they run, instead of being a reason not to begin. */
  readonly skipUnfit?: boolean;
  /** It comes outside of windows too; a rollback always does. */
  readonly urgent?: boolean;
  /** Check everything, make nothing. */
  readonly dryRun?: boolean;
  readonly who: string;
}

/** Takes back what a dry run wrote into its transaction. */
class DryRun extends Error {}

type Options = Pick<DeployingOptions, 'db' | 'clock' | 'randomness'>;

/**
 * Makes a deployment, which supersedes a running one of the same product. Nothing is directed yet: `evaluate` does.
 * @returns its id, and the hosts that are left out
 * @throws XylemError E_NOT_FOUND, E_EVIDENCE, E_RELEASE_RETIRED, E_WITHDRAWN, E_QUARANTINED, E_MIGRATION_CONTRACTED, E_COMPONENT_CONFLICT, E_CONFIG_INVALID, E_FACTS_UNSUPPORTED (hosts without a fitting variant), E_INPUT (nothing to go back to)
 */
export async function startDeployment(
  options: Options,
  start: StartDeployment,
): Promise<{ readonly id: string; readonly unfit: readonly Unfit[] }> {
  const { db, clock, randomness } = options;
  const nowMs = clock.now();
  const id = `d-${randomness.bytes(6).toString('hex')}` as DeploymentId;
  const salt = randomness.bytes(16).toString('base64url');
  let unfit: Unfit[] = [];
  const made = db.transaction().execute(async (trx) => {
    const { product, kind, who } = start;
    await lockFor(trx, deployingLock(start.environment.id));
    const environment = await mapProduct(trx, start);
    const directions = await productDirections(trx, environment.id);
    const direction = directions.find((entry) => entry.product === product) ?? {
      product,
      settled: null,
      deployments: [],
    };
    const target = await targetOf(trx, start, direction);
    const spec = withSealed(
      parseEnvironmentYaml(environment.yaml, fullName(environment)),
      await sealedConfigs(trx, environment.id),
    );
    if (target !== null) await requireVouched(trx, { product, ...nameOf(target) }, nowMs);
    if (target !== null) await refuseQuarantined(trx, environment, target);
    if (target !== null) await refuseContracted(trx, environment, target);
    if (target !== null && !isWayBack(start)) await requireEvidence(trx, spec, target);
    await refuseMisfits(trx, spec, directions, product, target);
    // Who goes back at night is held up by none of this.
    if (kind === 'deploy' && target !== null) {
      unfit = await unfitFor(trx, environment.id, spec, target, nowMs);
      if (start.skipUnfit !== true) refuseUnfit(spec.name, target, unfit);
    }
    const deployment: Deployment = {
      id,
      environment: environment.id as EnvironmentId,
      product,
      kind,
      from: formerRelease(direction),
      to: target === null ? null : nameOf(target),
      components: componentsOf(spec, product, direction, target),
      strategy: start.strategy ?? defaultStrategy(spec, kind, direction),
      salt,
      threshold: initialThreshold(kind),
      state: 'running',
      reason: null,
      purgeData: start.purgeData ?? false,
      ...(start.skipUnfit === true ? { skipUnfit: true } : {}),
      ...(start.urgent === true || kind === 'rollback' ? { urgent: true } : {}),
    };
    if (start.dryRun === true) throw new DryRun();
    for (const { deployment: older } of direction.deployments) {
      if (older.state !== 'running' && older.state !== 'paused') continue;
      await saveDeployment(trx, { ...older, state: 'superseded', reason: `Superseded by ${id}.` }, nowMs);
      await appendEvent(trx, older.id, nowMs, {
        kind: 'superseded',
        message: `Superseded by ${id}.`,
        details: {},
      });
    }
    await trx
      .insertInto('deployments')
      .values({
        id,
        kind,
        environment: environment.id,
        product,
        state: 'running',
        reason: null,
        document: JSON.stringify(deployment),
        created_by: who,
        created_ms: nowMs,
        updated_ms: nowMs,
        finished_ms: null,
      })
      .execute();
    const what = deployment.to === null ? `Undeploy ${product}` : `${product}@${deployment.to.version}`;
    await appendEvent(trx, id, nowMs, {
      kind: 'started',
      message: `${what} started by ${who}.`,
      details: {},
    });
    if (unfit.length > 0) {
      const message = `Left out, without a fitting variant: ${namesOf(unfit)}.`;
      await appendEvent(trx, id, nowMs, { kind: 'unfit', message, details: { hosts: unfit.slice(0, 100) } });
    }
    await appendAudit(trx, nowMs, {
      who,
      what: `deployment.${kind}`,
      subject: `deployment/${id}`,
      environment: environment.id,
      before: { version: deployment.from?.version ?? null },
      after: { product, version: deployment.to?.version ?? null, environment: environment.id },
    });
  });
  await made.catch((error: unknown) => {
    if (!(error instanceof DryRun)) throw error;
  });
  return { id, unfit };
}

/** What is deployed stands in the environment's YAML too: a product it does not map yet, or maps to one release. */
async function mapProduct(trx: Database, start: StartDeployment): Promise<EnvironmentRow> {
  const { environment, product, kind, version } = start;
  const row = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', environment.id)
    .executeTakeFirstOrThrow();
  const yaml = withProduct(row.yaml, product, kind === 'undeploy' ? null : (version ?? null));
  if (yaml === row.yaml) return row;
  const next = { ...row, yaml, yaml_version: row.yaml_version + 1 };
  await trx
    .updateTable('environments')
    .set({ yaml, yaml_version: next.yaml_version })
    .where('id', '=', row.id)
    .execute();
  return next;
}

async function targetOf(
  trx: Database,
  { kind, product, version, environment }: StartDeployment,
  { settled, deployments }: ProductDirection,
): Promise<KnownRelease | null> {
  if (kind === 'undeploy') {
    if (settled !== null || deployments.length > 0) return null;
    throw new XylemError('E_INPUT', `${product} is not deployed in ${fullName(environment)}.`);
  }
  if (version !== undefined) return await releaseOf(trx, product, version);
  if (kind === 'rollback') {
    // A deployment that has not succeeded is undone to what is settled; a settled one to what was before it.
    if (deployments.length > 0 && settled !== null) return await notRetired(trx, settled);
    const standing = await trx
      .selectFrom('standings')
      .select(['previous_release'])
      .where('environment', '=', environment.id)
      .where('product', '=', product)
      .executeTakeFirst();
    const previous = standing?.previous_release ?? null;
    if (previous !== null) return await notRetired(trx, await knownRelease(trx, product, previous));
    throw new XylemError(
      'E_INPUT',
      `There is no earlier release of ${product} in ${fullName(environment)} to go back to.`,
    );
  }
  throw new XylemError('E_INPUT', 'A deployment needs a version or a channel.');
}

/** To what ran there before: no rule that came since may hold up who undoes a bad release at night. */
const isWayBack = ({ kind, version }: StartDeployment): boolean =>
  kind === 'rollback' && version === undefined;

/** Hosts would keep what they have, one after the other, and nobody be told why. @throws XylemError E_RELEASE_RETIRED */
async function notRetired(trx: Database, known: KnownRelease): Promise<KnownRelease> {
  const { product, version } = known.release;
  const row = await trx
    .selectFrom('releases')
    .select('retired')
    .where('product', '=', product)
    .where('release', '=', known.digest)
    .executeTakeFirst();
  if (row?.retired !== 1) return known;
  throw new XylemError(
    'E_RELEASE_RETIRED',
    `There is no way back to ${product}@${version}: its publisher has retired it, and no host takes it. Name another release with --version.`,
  );
}

async function releaseOf(trx: Database, product: string, version: string): Promise<KnownRelease> {
  const row = await trx
    .selectFrom('releases')
    .select(['release', 'withdrawn', 'retired'])
    .where('product', '=', product)
    .where('version', '=', version)
    .executeTakeFirst();
  if (row === undefined) throw new XylemError('E_NOT_FOUND', `There is no release ${product}@${version}.`);
  if (row.retired === 1) throw retiredRelease(product, version);
  if (row.withdrawn === 1)
    throw new XylemError('E_WITHDRAWN', `${product}@${version} was withdrawn by its publisher.`);
  return await knownRelease(trx, product, row.release);
}

/** Configurations against schemas, and ports and names against those of all that runs or will run there. */
async function refuseMisfits(
  trx: Database,
  spec: EnvironmentSpec,
  directions: readonly ProductDirection[],
  product: string,
  target: KnownRelease | null,
): Promise<void> {
  if (target === null) return;
  const others = directions
    .filter((direction) => direction.product !== product)
    .flatMap(({ settled, deployments }) => [settled, ...deployments.map(({ release }) => release)])
    .filter((release) => release !== null);
  const packages = [];
  for (const { release } of [target, ...others]) {
    for (const { package: digest, component } of release.packages) {
      const row = await trx
        .selectFrom('packages')
        .select('document')
        .where('product', '=', release.product)
        .where('package', '=', digest)
        .executeTakeFirst();
      if (row === undefined)
        throw new XylemError('E_OBJECT_MISSING', `The package of ${component} is not here.`);
      packages.push(parsePackage(row.document));
    }
  }
  for (const document of packages.filter((candidate) => candidate.product === product)) {
    const mapping = spec.products[product];
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, document.component);
    if (mapped !== undefined) configFor(document, mapped.config);
  }
  refuseConflicts(spec, packages);
  refuseUnmetRequirements(spec.name, packages);
}

function formerRelease({ settled, deployments }: ProductDirection): ReleaseName | null {
  const newest = deployments[0];
  if (newest !== undefined) return newest.deployment.to;
  return settled === null ? null : nameOf(settled);
}

const nameOf = ({ digest, release }: KnownRelease): ReleaseName => ({ digest, version: release.version });

function componentsOf(
  spec: EnvironmentSpec,
  product: string,
  { settled, deployments }: ProductDirection,
  target: KnownRelease | null,
): Record<string, ComponentChange> {
  const below = [...deployments.map(({ release }) => release), settled].filter((release) => release !== null);
  const goal = target ?? below[0] ?? null;
  const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
  const packageIn = (known: KnownRelease, component: string): Digest[] =>
    known.release.packages.filter((entry) => entry.component === component).map((entry) => entry.package);
  const components = (goal?.release.packages ?? [])
    .map(({ component }) => component)
    .filter((component) => mapping !== undefined && mappingOf(mapping, component) !== undefined);
  return Object.fromEntries(
    components.map((component) => [
      component,
      {
        from: [...new Set(below.flatMap((known) => packageIn(known, component)))],
        to: target === null ? null : (packageIn(target, component)[0] ?? null),
      },
    ]),
  );
}

/** The first time there is nothing to lose, and back is wanted at once; an update goes step by step. */
function defaultStrategy(
  spec: EnvironmentSpec,
  kind: DeploymentKind,
  { settled }: ProductDirection,
): Strategy {
  if (kind !== 'deploy' || settled === null) return { kind: 'all-at-once' };
  return { kind: 'rolling', maxUnavailable: spec.policy.maxUnavailable };
}
