import { XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { approvals } from './approvals.ts';
import { compatibility } from './compatibility.ts';
import type { Candidate, Gate } from './gate.ts';
import { health } from './health.ts';
import { quarantine, schemas, statements, variants, vouching } from './release.ts';
import { stageOrder } from './stage-order/stage-order.ts';
import { transitions } from './transitions.ts';

/** In the order in which they are looked at: the first closed one is what a person is told. */
const gates: readonly Gate[] = [
  vouching,
  quarantine,
  transitions,
  schemas,
  statements,
  stageOrder,
  ...compatibility,
  variants,
  health,
  approvals,
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
  for (const gate of gates) if (gate.concerns(candidate)) findings.push(await finding(trx, gate, candidate));
  return findings;
}

/** @throws XylemError of the first closed gate */
export async function passGates(trx: Database, candidate: Candidate): Promise<void> {
  for (const gate of gates) if (gate.concerns(candidate)) await gate.look(trx, candidate);
}

async function finding(trx: Database, gate: Gate, candidate: Candidate): Promise<Finding> {
  try {
    return { gate: gate.name, saw: await gate.look(trx, candidate), closed: null };
  } catch (error) {
    if (!(error instanceof XylemError) || !gate.codes.includes(error.code)) throw error;
    return { gate: gate.name, saw: error.message, closed: error };
  }
}
