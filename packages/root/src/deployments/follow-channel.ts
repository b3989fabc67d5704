import { XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, fullName } from '../environments/names.ts';
import { startPlanned } from '../plans/ask.ts';
import type { DeployingOptions } from './deploying.ts';
import { startDeployment } from './start.ts';
import { newestTarget, wasTakenBack } from './target.ts';
import { forgetWaiting, keepWaiting, waitingStarts } from './waiting.ts';

/** What is not a fault of the channel, and passes by what somebody does, or by itself. */
const waitsFor: ReadonlySet<string> = new Set([
  'E_APPROVAL_MISSING',
  'E_PLAN_CHANGED',
  'E_PLAN_EXPIRED',
  'E_PLAN_PREFLIGHT',
  'E_PLAN_STATE',
  'E_EVIDENCE',
  'E_QUARANTINED',
  'E_RECALLED',
  'E_STAGE_ORDER',
  'E_DISK_SHORT',
  'E_UNHEALTHY',
  'E_INCIDENT',
  'E_ENVIRONMENT_FROZEN',
]);

/** What a plan can bring all the same: people approve it, hosts look beforehand for it. */
const needsPlan: ReadonlySet<string> = new Set(['E_APPROVAL_MISSING', 'E_PLAN_PREFLIGHT']);

type Options = Pick<
  DeployingOptions,
  'db' | 'clock' | 'randomness' | 'log' | 'restored' | 'repository' | 'directing'
>;
type Evaluate = (environment: string) => Promise<void>;

/** Starts a deployment in each environment that follows the channel and is not on its way to its release already. */
export async function followChannel(
  options: Options,
  evaluate: Evaluate,
  product: string,
  channel: string,
): Promise<void> {
  for (const environment of await allEnvironments(options.db)) {
    if (channelOf(environment, product) !== channel) continue;
    if (await follow(options, environment, product)) await evaluate(environment.id);
  }
}

/** Tries again what waits: the time that a release has to stand in an earlier stage passes without anybody's act. */
export async function startWaiting(options: Options, evaluate: Evaluate): Promise<void> {
  const waiting = await waitingStarts(options.db);
  if (waiting.length === 0) return;
  const environments = new Map((await allEnvironments(options.db)).map((row) => [row.id, row]));
  for (const { environment: id, product } of waiting) {
    const environment = environments.get(id);
    if (environment === undefined) continue;
    if (await follow(options, environment, product)) await evaluate(id);
  }
}

/**
 * Begins to deploy what the channel of a product says, where the environment follows one; what may not begin yet waits
 * here alone. What was rolled back stays so, also after later words: what moves by itself never undoes what a person
 * undid.
 * @returns whether a deployment began
 */
export async function follow(
  options: Options,
  environment: EnvironmentRow,
  product: string,
  who?: string,
): Promise<boolean> {
  const { db, restored, log, clock } = options;
  if (restored.isRestored()) return false;
  const channel = channelOf(environment, product);
  const version = channel === undefined ? null : await versionToFollow(db, environment, product, channel);
  if (version === null) {
    await forgetWaiting(db, environment.id, product);
    return false;
  }
  try {
    await startOrAsk(options, environment, { product, version, channel, who });
    return true;
  } catch (cause) {
    if (!(cause instanceof XylemError) || !waitsFor.has(cause.code)) throw cause;
    const isNew = await keepWaiting(db, environment.id, product, version, cause, clock.now());
    if (isNew) log.warn('channel not followed', { environment: fullName(environment), cause });
    return false;
  }
}

interface Following {
  readonly product: string;
  readonly version: string;
  readonly channel: string | undefined;
  readonly who: string | undefined;
}

/** Where approvals are demanded, or that hosts look beforehand, a plan asks for them, once. */
async function startOrAsk(
  options: Options,
  environment: EnvironmentRow,
  { product, version, channel, who }: Following,
): Promise<void> {
  const name = `channel/${product}/${channel}`;
  try {
    // Nobody is there to be asked: hosts that it can't be installed on say so themselves, and hold up no others.
    const kind = 'deploy';
    await startDeployment(options, {
      environment,
      kind,
      product,
      version,
      who: who ?? name,
      skipUnfit: true,
    });
  } catch (cause) {
    if (!(cause instanceof XylemError) || !needsPlan.has(cause.code)) throw cause;
    await startPlanned(options, { environment, product, version, who: name });
  }
}

function channelOf(environment: EnvironmentRow, product: string): string | undefined {
  const { products } = parseEnvironmentYaml(environment.yaml, fullName(environment));
  return Object.hasOwn(products, product) ? products[product]?.channel : undefined;
}

/** Null where nothing is to be done: there is no such channel, or its release is the last word here already. */
async function versionToFollow(
  db: Database,
  { id }: EnvironmentRow,
  product: string,
  channel: string,
): Promise<string | null> {
  const pointer = await db
    .selectFrom('channels')
    .select('version')
    .where('product', '=', product)
    .where('channel', '=', channel)
    .executeTakeFirst();
  if (pointer === undefined) return null;
  const target = await newestTarget(db, id, product);
  if (target?.version === pointer.version) return null;
  return (await wasTakenBack(db, id, product, pointer.version)) ? null : pointer.version;
}
