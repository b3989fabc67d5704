import { XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { allEnvironments, fullName } from '../environments/names.ts';
import type { DeployingOptions } from './deploying.ts';
import { startDeployment } from './start.ts';
import { newestTarget } from './target.ts';

/** What is not a fault of the channel, and passes by what somebody does. */
const waitsFor: ReadonlySet<string> = new Set(['E_EVIDENCE', 'E_QUARANTINED']);

/**
 * Starts a deployment in each environment that follows the channel and is not on its way to its release already.
 * A rollback that is the newest word stays: what moves by itself never undoes what a person undid.
 */
export async function followChannel(
  options: DeployingOptions,
  evaluate: (environment: string) => Promise<void>,
  product: string,
  channel: string,
): Promise<void> {
  const { db, restored, log } = options;
  if (restored.isRestored()) return;
  const pointer = await db
    .selectFrom('channels')
    .select('version')
    .where('product', '=', product)
    .where('channel', '=', channel)
    .executeTakeFirst();
  if (pointer === undefined) return;
  for (const environment of await allEnvironments(db)) {
    const spec = parseEnvironmentYaml(environment.yaml, fullName(environment));
    const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
    if (mapping?.channel !== channel) continue;
    const target = await newestTarget(db, environment.id, product);
    if (target?.version === pointer.version) continue;
    if (target?.kind === 'rollback' && target.fromVersion === pointer.version) continue;
    const who = `channel/${product}/${channel}`;
    try {
      // Nobody is there to be asked: hosts that it can't be installed on say so themselves, and hold up no others.
      await startDeployment(options, {
        environment,
        kind: 'deploy',
        product,
        version: pointer.version,
        who,
        skipUnfit: true,
      });
    } catch (cause) {
      if (!(cause instanceof XylemError) || !waitsFor.has(cause.code)) throw cause;
      // It waits here alone, until the statement is attached or the quarantine lifted; the others go on.
      log.warn('channel not followed', { environment: fullName(environment), cause });
      continue;
    }
    await evaluate(environment.id);
  }
}
