import {
  type Assignment,
  type DesiredState,
  type EnvironmentId,
  holdsBack,
  isLiftedBy,
  type Lift,
  type Operators,
  type Quarantined,
  quarantinedAfter,
  takesNothing,
  XylemError,
} from '@xylem/core';
import { checkLift, environmentOfOperators, followOperators, readLift } from '@xylem/trust';
import type { Reason } from '../converge/goal.ts';
import type { Held } from './wanted.ts';

/** What a host remembers of quarantines (docs/spec/direction.md, Quarantine). */
export interface QuarantineMemory {
  /** Pinned, by environment: whose word lifts what its direction said. */
  readonly operators: Readonly<Record<string, Operators>>;
  readonly quarantined: readonly Quarantined[];
}

export interface Remembered {
  /** Undefined while there is nothing to remember. */
  readonly memory: QuarantineMemory | undefined;
  /** The first of what was refused of this desired state. */
  readonly fault: Reason | null;
}

type Words = Pick<DesiredState, 'environment' | 'quarantined' | 'lifts' | 'operators'>;

/** The host's memory after a desired state of its environment. What is not as it must be is refused alone. Pure. */
export function quarantineAfter(before: QuarantineMemory | undefined, state: Words): Remembered {
  const faults: XylemError[] = [];
  const operators = operatorsAfter(before?.operators ?? {}, state, faults);
  const known = before?.quarantined ?? [];
  const said = state.quarantined ?? [];
  const lifts = liftsOf(state, known, operators, faults);
  const quarantined = quarantinedAfter(known, state.environment, said, lifts);
  const isNothing = quarantined.length === 0 && Object.keys(operators).length === 0;
  const [first] = faults;
  return {
    memory: isNothing ? undefined : { operators, quarantined },
    fault: first === undefined ? null : { code: first.code, message: first.message },
  };
}

/** Each environment's own documents; first ones are taken of the host's own environment alone. */
function operatorsAfter(
  before: QuarantineMemory['operators'],
  { environment, operators: chain = [] }: Words,
  faults: XylemError[],
): Record<string, Operators> {
  const after: Record<string, Operators> = {};
  const groups = Map.groupBy(chain, (input) => {
    const named = environmentOfOperators(input);
    return named !== null && Object.hasOwn(before, named) ? named : environment;
  });
  for (const id of [...new Set([environment, ...(Object.keys(before) as EnvironmentId[])])].sort()) {
    const followed = followOperators(before[id] ?? null, groups.get(id) ?? [], id, id === environment);
    faults.push(...followed.refused);
    if (followed.operators !== null) after[id] = followed.operators;
  }
  return after;
}

/** Those that lift something which this host knows, and that its pinned operators signed. */
function liftsOf(
  state: Words,
  known: readonly Quarantined[],
  operators: QuarantineMemory['operators'],
  faults: XylemError[],
): Lift[] {
  const said = (state.quarantined ?? []).map((one) => ({ ...one, environment: state.environment }));
  const concerned = [...known, ...said];
  const lifts: Lift[] = [];
  for (const input of state.lifts ?? []) {
    try {
      const { lift } = readLift(input);
      if (!concerned.some((one) => isLiftedBy(one, lift))) continue;
      const pinned = operators[lift.environment];
      if (pinned !== undefined) lifts.push(checkLift(input, pinned));
      else
        throw new XylemError(
          'E_LIFT_INVALID',
          'A lift is refused: this host knows no operators of its environment.',
        );
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      faults.push(error);
    }
  }
  return lifts;
}

/** Why this host does not take what an assignment gives it, or null. */
export function heldByQuarantine(
  memory: QuarantineMemory | undefined,
  { component, product, version, release }: Assignment,
): Held | null {
  const quarantined = memory?.quarantined ?? [];
  const one = holdsBack(quarantined, release);
  const what = `${component} stays as it is`;
  if (one !== undefined) {
    const message = `${what}: ${product}@${version} is quarantined since ${one.since} (quarantine ${one.id}); only a lift signed by an operator's key lets it in.`;
    return { component, code: 'E_QUARANTINED', message };
  }
  if (!takesNothing(quarantined)) return null;
  const message = `${what}: this host remembers ${quarantined.length} quarantines, as many as it can, and takes nothing until some are lifted.`;
  return { component, code: 'E_QUARANTINED', message };
}
