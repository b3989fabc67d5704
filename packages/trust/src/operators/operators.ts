import {
  type EnvironmentId,
  type Operators,
  operatorsPayloadType,
  parseOperators,
  XylemError,
} from '@xylem/core';
import type { Envelope } from '../envelope/envelope.ts';
import { operatorKeys, readSigned, signedBy } from './signed.ts';

type Input = Uint8Array | object;

/**
 * The operators that follow those of `before` in an environment: signed by the threshold of both (docs/spec/direction.md,
 * Quarantine). Without `before` the first ones, by their own.
 * @throws XylemError E_OPERATORS_INVALID
 */
export function checkOperators(
  input: Input,
  environment: EnvironmentId,
  before: Operators | null,
): Operators {
  const { envelope, operators } = readOperators(input, environment);
  const expected = (before?.number ?? 0) + 1;
  if (operators.number !== expected) {
    throw invalid(`it is number ${operators.number}, and number ${expected} would be the next`);
  }
  requireThreshold(envelope, operators);
  if (before !== null) requireThreshold(envelope, before);
  return operators;
}

/** An operators' document and who must have signed it, its signatures unread. @throws XylemError E_OPERATORS_INVALID */
export function readOperators(
  input: Input,
  environment: EnvironmentId,
): { readonly envelope: Envelope; readonly operators: Operators } {
  const envelope = readSigned(input, operatorsPayloadType, 'E_OPERATORS_INVALID');
  const operators = parseOperators(envelope.payload);
  if (operators.environment !== environment) throw invalid('it is of another environment');
  return { envelope, operators };
}

/** Which environment a document of operators names, whoever signed it; null where it can't be read. */
export function environmentOfOperators(input: Input): EnvironmentId | null {
  try {
    const { payload } = readSigned(input, operatorsPayloadType, 'E_OPERATORS_INVALID');
    return parseOperators(payload).environment;
  } catch (error) {
    if (error instanceof XylemError) return null;
    throw error;
  }
}

/** What became of a chain of operators' documents. */
export interface Followed {
  readonly operators: Operators | null;
  /** Why what came was not taken; nothing of it counts. */
  readonly refused: readonly XylemError[];
}

/**
 * The operators of an environment after a chain of documents, the oldest first. Who has pinned none takes the last that
 * its own keys sign; from then on each must follow the one before it. What does not is refused alone. Pure.
 * @param firstSight whether the first ones that come are taken
 */
export function followOperators(
  pinned: Operators | null,
  chain: readonly object[],
  environment: EnvironmentId,
  firstSight: boolean,
): Followed {
  const refused: XylemError[] = [];
  let operators = pinned;
  const attempt = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      refused.push(error);
    }
  };
  if (pinned === null) {
    if (!firstSight) return { operators, refused };
    for (const input of chain.toReversed()) {
      attempt(() => {
        if (operators !== null) return;
        const found = readOperators(input, environment);
        requireThreshold(found.envelope, found.operators);
        operators = found.operators;
      });
    }
    return { operators, refused };
  }
  for (const input of chain) {
    attempt(() => {
      const present: Operators = operators ?? pinned;
      const found = readOperators(input, environment);
      if (found.operators.number < present.number) return;
      if (found.operators.number === present.number) refuseOther(found.operators, present);
      else operators = checkOperators(input, environment, present);
    });
  }
  return { operators, refused };
}

function requireThreshold(envelope: Envelope, operators: Operators): void {
  const found = signedBy(envelope, operatorKeys(operators)).length;
  if (found >= operators.threshold) return;
  throw invalid(
    `${found} of the keys of number ${operators.number} signed it, and ${operators.threshold} must`,
  );
}

function refuseOther(found: Operators, pinned: Operators): void {
  const said = ({ threshold, keys }: Operators): string =>
    JSON.stringify([threshold, keys.map((key) => [key.public, key.name])]);
  if (said(found) === said(pinned)) return;
  throw invalid(`it is another number ${found.number} than the one that was taken before`);
}

const invalid = (what: string): XylemError =>
  new XylemError('E_OPERATORS_INVALID', `A document of operators is refused: ${what}.`);
