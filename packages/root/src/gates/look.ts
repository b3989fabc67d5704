import type { Database } from '../db/tables.ts';
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
];

/** @throws XylemError of the first closed gate */
export async function passGates(trx: Database, candidate: Candidate): Promise<void> {
  for (const gate of gates) if (gate.concerns(candidate)) await gate.look(trx, candidate);
}
