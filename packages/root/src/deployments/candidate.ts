import {
  type DeploymentKind,
  type ForceableGate,
  type KnownRelease,
  type PackageDocument,
  type Passing,
  type ProductDirection,
  withSealed,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { withProduct } from '../environments/edit-yaml.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { Candidate, CandidatePlan } from '../gates/gate.ts';
import { storedPackage } from '../publishing/parsed.ts';
import { sealedConfigs } from '../secrets/rows.ts';
import { withServing } from '../traffic/rows.ts';
import { chooseRelease } from './choose-release.ts';
import { productDirections } from './rows.ts';
import { unfitFor } from './unfit.ts';

/** What somebody wants to come to an environment, or to go from it. */
export interface Wanted {
  readonly environment: EnvironmentRow;
  readonly kind: DeploymentKind;
  readonly product: string;
  /** Of a deploy; of a rollback to other than the release before. */
  readonly version?: string;
  /** A rollback to that version is a way back all the same: what undoes a bad release is not held up by later rules. */
  readonly wayBack?: true;
  /** Hosts that the release has no fitting variant for keep what they run, instead of being a reason not to begin. */
  readonly skipUnfit?: boolean;
  /** By which it comes, with what people said of it. */
  readonly plan?: CandidatePlan;
  /** It comes outside of windows too; a rollback always does. */
  readonly urgent?: boolean;
  /** In the words of who began it. What is urgent and says why begins in a frozen environment. */
  readonly why?: string;
  /** The change ticket that it belongs to. */
  readonly change?: string;
  /** Gates that are passed though they are closed, once another person has approved that. */
  readonly forces?: readonly ForceableGate[];
  /** With `urgent`: what else does not hold it up on hosts. */
  readonly passes?: readonly Passing[];
}

/**
 * Reads all that is to be known before a deployment; writes nothing.
 * @throws XylemError E_NOT_FOUND, E_RELEASE_RETIRED, E_WITHDRAWN, E_INPUT (nothing to go back to), E_OBJECT_MISSING
 */
export async function candidateOf(trx: Database, wanted: Wanted, nowMs: number): Promise<Candidate> {
  const {
    kind,
    product,
    version,
    skipUnfit = false,
    urgent = false,
    why = null,
    passes = [],
    change = null,
    forces = [],
  } = wanted;
  const environment = await mapped(trx, wanted);
  const directions = await productDirections(trx, environment.id);
  const direction = directions.find((entry) => entry.product === product) ?? {
    product,
    settled: null,
    deployments: [],
  };
  const target = await chooseRelease(trx, wanted, direction);
  const spec = withSealed(
    await withServing(trx, environment.id, parseEnvironmentYaml(environment.yaml, fullName(environment))),
    await sealedConfigs(trx, environment.id),
  );
  return {
    kind,
    product,
    target,
    environment,
    spec,
    directions,
    direction,
    packages: target === null ? [] : await packagesBeside(trx, directions, product, target),
    isWayBack: kind === 'rollback' && (version === undefined || wanted.wayBack === true),
    unfit:
      kind === 'deploy' && target !== null ? await unfitFor(trx, environment.id, spec, target, nowMs) : [],
    skipUnfit,
    plan: wanted.plan ?? null,
    urgent,
    why,
    change,
    forces,
    passes,
    nowMs,
  };
}

/** What is deployed stands in the environment's YAML too: a product it does not map yet, or maps to one release. */
async function mapped(
  trx: Database,
  { environment, product, kind, version }: Wanted,
): Promise<EnvironmentRow> {
  const row = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', environment.id)
    .executeTakeFirstOrThrow();
  if (isMappedTo(row, product, kind === 'undeploy' ? null : (version ?? null))) return row;
  const yaml = withProduct(row.yaml, product, kind === 'undeploy' ? null : (version ?? null));
  return yaml === row.yaml ? row : { ...row, yaml, yaml_version: row.yaml_version + 1 };
}

/** Whether its YAML says so already: edited it would be the same. */
function isMappedTo(row: EnvironmentRow, product: string, version: string | null): boolean {
  const { products } = parseEnvironmentYaml(row.yaml, fullName(row));
  if (!Object.hasOwn(products, product)) return version === null;
  const release = products[product]?.release;
  return release === undefined || release === version;
}

async function packagesBeside(
  trx: Database,
  directions: readonly ProductDirection[],
  product: string,
  target: KnownRelease,
): Promise<PackageDocument[]> {
  const others = directions
    .filter((direction) => direction.product !== product)
    .flatMap(({ settled, deployments }) => [settled, ...deployments.map(({ release }) => release)])
    .filter((release) => release !== null);
  const packages: PackageDocument[] = [];
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
      packages.push(storedPackage(row.document));
    }
  }
  return packages;
}
