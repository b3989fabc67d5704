import { type ErrorCode, type HostAssignment, XylemError } from '@xylem/core';
import type { Placed } from '../slot/placed.ts';
import { heldByQuarantine, type QuarantineMemory } from './quarantine.ts';
import type { Reading } from './reading.ts';

/** The package that an order of direction names, or why it can't be had. */
export type OrderedPackage =
  | { readonly placed: Placed }
  | { readonly fault: { readonly code: ErrorCode; readonly message: string } };

export interface OrderedFrom {
  readonly reading: Reading;
  readonly memory: QuarantineMemory | undefined;
}

/**
 * A package under the same rules as an assignment, though nothing of it is installed.
 * @returns with what another parent, or a later attempt, may have
 */
export async function readOrdered(
  asked: HostAssignment,
  { reading, memory }: OrderedFrom,
): Promise<{ readonly found: OrderedPackage; readonly incomplete: XylemError | null }> {
  const held = heldByQuarantine(memory, asked);
  if (held !== null)
    return { found: { fault: { code: held.code, message: held.message } }, incomplete: null };
  const [outcome] = await reading.all([asked]);
  if (outcome !== undefined && 'placed' in outcome)
    return { found: { placed: outcome.placed }, incomplete: null };
  const error = outcome?.error ?? new XylemError('E_INTERNAL', 'The order was not read.');
  const fault = { code: error.code, message: error.message.slice(0, 2_000) };
  return { found: { fault }, incomplete: error.retry === 'elsewhere' ? error : null };
}
