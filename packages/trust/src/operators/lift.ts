import { type Lift, liftPayloadType, type Operators, parseLift, XylemError } from '@xylem/core';
import type { Envelope } from '../envelope/envelope.ts';
import { operatorKeys, readSigned, signedBy } from './signed.ts';

/** A lift and its envelope, its signatures unread. @throws XylemError E_LIFT_INVALID */
export function readLift(input: Uint8Array | object): { readonly envelope: Envelope; readonly lift: Lift } {
  const envelope = readSigned(input, liftPayloadType, 'E_LIFT_INVALID');
  return { envelope, lift: parseLift(envelope.payload) };
}

/**
 * A lift that the threshold of these operators signed, for their environment.
 * @throws XylemError E_LIFT_INVALID
 */
export function checkLift(input: Uint8Array | object, operators: Operators): Lift {
  const { envelope, lift } = readLift(input);
  if (lift.environment !== operators.environment) throw invalid(lift, 'it is of another environment');
  const found = signedBy(envelope, operatorKeys(operators)).length;
  if (found >= operators.threshold) return lift;
  throw invalid(
    lift,
    `${found} of the environment's operators (number ${operators.number}) signed it, and ${operators.threshold} must`,
  );
}

function invalid({ product, version }: Lift, what: string): XylemError {
  return new XylemError(
    'E_LIFT_INVALID',
    `The lift of the quarantine of ${product}@${version} is refused: ${what}.`,
  );
}
