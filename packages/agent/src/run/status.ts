import type { Convergence } from '../converge/converge.ts';
import type { Accepted } from '../direction/wanted.ts';
import type { AgentStatus } from '../options.ts';
import type { CurrentParent } from '../parents/parents.ts';
import type { HostFaults } from './host-faults.ts';

/** What the agent knows, for the program that runs it. */
export function statusOf(
  parent: CurrentParent | null,
  accepted: Accepted | null,
  { rested, waiting }: Convergence,
  faults: HostFaults,
): AgentStatus {
  return {
    parent: parent?.url ?? null,
    direction: accepted === null ? null : { snapshot: accepted.snapshot, number: accepted.number },
    converged: accepted !== null && rested && waiting.size === 0,
    waiting: [
      ...faults.all().map(({ code, message }) => ({ component: null, code, message })),
      ...[...waiting].map(([component, { code, message }]) => ({ component, code, message })),
    ],
  };
}
