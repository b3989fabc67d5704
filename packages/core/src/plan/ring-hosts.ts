import { type FailureState, noFailures, type Outcomes } from '../statistics/failures.ts';
import { type EProcess, mean } from '../statistics/mixture.ts';
import { failureMixture } from '../statistics/risk.ts';
import { one, type Scaled, times } from '../statistics/scaled.ts';
import type { RingDeployment } from './ring.ts';

/**
 * The hosts of several deployments as one test, each compared within its own deployment. Strata share nothing but the
 * alternative, so that its product over all is the product of what each deployment has found: no host is looked at
 * again. Hosts of a deployment that has ended are not awaited: one that succeeded has seen them bake, any other has let
 * them go.
 * @param peak the highest e-value at any look before
 */
export function pooled(deployments: readonly RingDeployment[], peak: number): FailureState {
  const { alternatives } = failureMixture;
  const products: Scaled[] = alternatives.map(() => one);
  const ceilings: Scaled[] = alternatives.map(() => one);
  const sum = noFailures({ kind: 'controls' });
  let { exposed, control } = sum;
  for (const { failures, ended, state } of deployments) {
    if (failures === null) continue;
    multiply(products, failures.evidence.products);
    multiply(ceilings, failures.evidence.ceilings);
    const as = state === 'succeeded' ? 'ok' : 'left';
    exposed = added(exposed, ended === null ? failures.exposed : settled(failures.exposed, as));
    control = added(control, failures.control);
  }
  const evidence: EProcess = { products, ceilings, peak: Math.max(peak, mean(failureMixture, products)) };
  return { ...sum, exposed, control, evidence };
}

export const failedIn = ({ failed, silent }: Outcomes): number => failed + silent;

function multiply(into: Scaled[], by: readonly Scaled[]): void {
  for (const [index, factor] of by.entries()) into[index] = times(into[index] ?? one, factor);
}

function settled(outcomes: Outcomes, as: 'ok' | 'left'): Outcomes {
  const { entered, failed, silent, ok, left } = outcomes;
  return { ...outcomes, [as]: outcomes[as] + (entered - failed - silent - ok - left) };
}

function added(a: Outcomes, b: Outcomes): Outcomes {
  return {
    entered: a.entered + b.entered,
    failed: a.failed + b.failed,
    silent: a.silent + b.silent,
    ok: a.ok + b.ok,
    left: a.left + b.left,
  };
}
