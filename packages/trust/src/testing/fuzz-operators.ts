import {
  type EnvironmentId,
  encodeLift,
  encodeOperators,
  encodeSigning,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  sha256,
  toB64u,
} from '@xylem/core';
import type { FuzzTarget } from '@xylem/core/testing';
import { generateKey } from '../keys/key-pair.ts';
import { checkLift } from '../operators/lift.ts';
import { checkOperators, environmentOfOperators, followOperators } from '../operators/operators.ts';
import { signDocument } from '../operators/signed.ts';
import { readSigning, signingInWords, unsigned, writeSigning } from '../operators/signing.ts';

/** What a direction carries of operators and their lifts: whoever has the director's key may write it. */
export async function operatorsFuzzTargets(): Promise<FuzzTarget[]> {
  const [key, next] = [generateKey(), generateKey()];
  const environment = 'e'.repeat(32) as EnvironmentId;
  const operators = (number: number, by: typeof key): Operators => ({
    format: 'xylem-operators-1',
    environment,
    number,
    threshold: 1,
    keys: [{ public: toB64u(by.public), name: 'anna' }],
  });
  const first = operators(1, key);
  const sign = async (type: string, payload: Uint8Array) =>
    Buffer.from(JSON.stringify(await signDocument(type, payload, [key, next])));
  const lift: Lift = {
    format: 'xylem-quarantine-lift-1',
    environment,
    product: 'shop',
    release: sha256('release'),
    version: '2.4.0' as Lift['version'],
    quarantine: 'a'.repeat(32),
    reason: 'A false alarm.',
    issued: '2026-11-21T00:00:00Z' as Lift['issued'],
  };
  return [
    {
      name: "operators' document",
      seedInputs: [
        await sign(operatorsPayloadType, encodeOperators(first)),
        await sign(operatorsPayloadType, encodeOperators(operators(2, next))),
      ],
      parse: (input) => {
        // Never throws, whatever it is given: what is wrong is refused alone.
        followOperators(null, [input], environment, true);
        followOperators(first, [input], environment, false);
        environmentOfOperators(input);
        return checkOperators(input, environment, first);
      },
    },
    {
      name: 'file that operators sign',
      seedInputs: [
        encodeSigning({
          format: 'xylem-signing-1',
          environment: { id: environment, name: 'acme/production' },
          operators: await signDocument(operatorsPayloadType, encodeOperators(first), [key]),
          document: await signDocument(liftPayloadType, encodeLift(lift), [key]),
        }),
      ],
      parse: (input) => {
        const open = readSigning(input);
        return [signingInWords(open), unsigned(open), writeSigning(open)];
      },
    },
    {
      name: 'lift of a quarantine',
      seedInputs: [await sign(liftPayloadType, encodeLift(lift))],
      parse: (input) => checkLift(input, first),
    },
  ];
}
