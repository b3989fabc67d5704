import type { DeploymentKind, DeploymentState } from '../deployment/deployment.ts';
import { closedObject, literal } from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { soakMs, soakSchema } from '../stage-order/policy.ts';
import type { MigrationPhase } from '../wire/package/migrations.ts';

/** Of an environment's policy: who orders the steps of migrations; absent: people do, one by one. */
export const migrationPolicySchema = closedObject(
  { run: literal('with-deployments') },
  { contractAfter: soakSchema },
);
export type MigrationPolicy = Static<typeof migrationPolicySchema>;

/** The newest deployment of the product whose package has the next step. Times: milliseconds since 1970. */
export interface DrivingDeployment {
  readonly kind: DeploymentKind;
  readonly state: DeploymentState;
  readonly finishedMs: number | null;
}

export type Driven =
  | { readonly kind: 'order' }
  /** `untilMs`: by the clock alone; null: for something else. */
  | { readonly kind: 'wait'; readonly untilMs: number | null; readonly why: string }
  /** A person has to look. */
  | { readonly kind: 'stuck'; readonly why: string };

const wait = (why: string, untilMs: number | null = null): Driven => ({ kind: 'wait', untilMs, why });

/**
 * What becomes of the step that a database waits for, where deployments order steps by themselves. What keeps the way
 * back open is ordered while its deployment goes on; a contract, which closes it, only so long after its success. Pure.
 * @param last of the last order about the database; null: there was none
 * @param deployment null: the product was never deployed here by one
 * @param frozen a sentence; null: nobody froze the environment
 */
export function driven(
  policy: MigrationPolicy,
  next: { readonly phase: MigrationPhase },
  last: { readonly state: 'running' | 'done' | 'failed'; readonly message: string | null } | null,
  deployment: DrivingDeployment | null,
  frozen: string | null,
  nowMs: number,
): Driven {
  if (last?.state === 'running') return wait('A step is under way.');
  if (last?.state === 'failed')
    return { kind: 'stuck', why: `The last step failed: ${last.message ?? 'nobody knows why'}` };
  if (deployment === null || deployment.kind !== 'deploy') return wait('No deployment brings it.');
  if (frozen !== null) return wait(frozen);
  const { state, finishedMs } = deployment;
  if (next.phase !== 'contract')
    return state === 'running' || state === 'succeeded'
      ? { kind: 'order' }
      : wait(`Its deployment is ${state}.`);
  if (policy.contractAfter === undefined) return wait('A person orders contracts here.');
  if (state !== 'succeeded' || finishedMs === null) return wait(`Its deployment is ${state}.`);
  const dueMs = finishedMs + soakMs(policy.contractAfter);
  if (nowMs >= dueMs) return { kind: 'order' };
  return wait(`The way back stays open for ${policy.contractAfter} after the deployment.`, dueMs);
}
