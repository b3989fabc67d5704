import type { DeploymentKind, EnvironmentSpec, ProductDirection, Strategy } from '@xylem/core';

/** The first time there is nothing to lose, and back is wanted at once; an update goes step by step. */
export function defaultStrategy(
  spec: EnvironmentSpec,
  kind: DeploymentKind,
  { settled }: ProductDirection,
): Strategy {
  if (kind !== 'deploy' || settled === null) return { kind: 'all-at-once' };
  return { kind: 'rolling', maxUnavailable: spec.policy.maxUnavailable };
}
