import { gatePolicies, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { approvals } from './approvals.ts';
import { compatibility } from './compatibility.ts';
import { disk } from './disk.ts';
import { freeze } from './freeze.ts';
import type { Candidate, Gate } from './gate.ts';
import { health } from './health.ts';
import { incidents } from './incidents.ts';
import { forcedBy, override } from './override.ts';
import { preflight } from './preflight.ts';
import { probes } from './probes.ts';
import { recall } from './recall.ts';
import { quarantine, schemas, statements, variants, vouching } from './release.ts';
import { stageOrder } from './stage-order/stage-order.ts';
import { ticket } from './ticket.ts';
import { transitions } from './transitions.ts';

/** In the order in which they are looked at: the first closed one is what a person is told. */
const gates: readonly Gate[] = [
  recall,
  freeze,
  vouching,
  quarantine,
  transitions,
  schemas,
  statements,
  stageOrder,
  ...compatibility,
  variants,
  disk,
  preflight,
  health,
  probes,
  incidents,
  approvals,
  ticket,
  override,
];

/** What a gate saw. */
export interface Finding {
  readonly gate: string;
  readonly saw: string;
  /** Null: it is open. */
  readonly closed: XylemError | null;
}

/** What each gate that is concerned says, also behind a closed one. */
export async function lookAtGates(trx: Database, candidate: Candidate): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const gate of gates)
    for (const seen of candidatesFor(gate, candidate)) findings.push(await finding(trx, gate, seen));
  return findings;
}

/** @throws XylemError of the first closed gate */
export async function passGates(trx: Database, candidate: Candidate): Promise<void> {
  for (const gate of gates) {
    for (const seen of candidatesFor(gate, candidate)) {
      const { closed } = await finding(trx, gate, seen);
      if (closed !== null) throw closed;
    }
  }
}

/** A candidate as one gate looks at it. */
interface Looked extends Candidate {
  /** Which plan demands that it is open; null: the environment, or everybody. */
  readonly demandedBy: string | null;
}

function candidatesFor(gate: Gate, candidate: Candidate): Looked[] {
  const { spec, plan } = candidate;
  return gatePolicies(gate.name, spec.policy, plan?.gates ?? {})
    .map(({ policy, isPlans }) => ({
      ...candidate,
      spec: { ...spec, policy },
      demandedBy: isPlans ? (plan?.id ?? null) : null,
    }))
    .filter((seen) => gate.concerns(seen));
}

async function finding(trx: Database, gate: Gate, candidate: Looked): Promise<Finding> {
  const { demandedBy } = candidate;
  const whose = demandedBy === null ? '' : ` The plan ${demandedBy} demands that.`;
  try {
    return { gate: gate.name, saw: `${await gate.look(trx, candidate)}${whose}`, closed: null };
  } catch (thrown) {
    if (!(thrown instanceof XylemError) || !gate.codes.includes(thrown.code)) throw thrown;
    const { code, retry, details } = thrown;
    const error =
      whose === ''
        ? thrown
        : new XylemError(code, `${thrown.message}${whose}`, { cause: thrown, retry, details });
    const by = forcedBy(candidate, gate.name);
    return by === null
      ? { gate: gate.name, saw: error.message, closed: error }
      : { gate: gate.name, saw: `Passed by force, approved by ${by}: ${error.message}`, closed: null };
  }
}
