import { type Digest, isDigest, sha256, XylemError } from '@xylem/core';
import { type Envelope, parseEnvelope } from '../envelope/envelope.ts';

/** The payload type of in-toto's envelopes. */
const statementPayloadType = 'application/vnd.in-toto+json';

/** What is taken from an in-toto statement; its signature is a matter apart. */
export interface Statement {
  /** SHA-256 digests of what it is about. */
  readonly subjects: readonly Digest[];
  readonly predicateType: string;
  /** Who built it, of SLSA provenance 0.2 and 1. */
  readonly builder: string | null;
  /** What it was built from, of SLSA provenance 0.2 and 1. */
  readonly source: string | null;
  /** `PASSED`, `WARNED` or `FAILED` of a test result; null where the predicate has none. */
  readonly result: string | null;
}

/** A statement in its envelope, unverified. */
export interface Attestation {
  /** Of the envelope's bytes. */
  readonly digest: Digest;
  readonly envelope: Envelope;
  readonly statement: Statement;
}

const mostSubjects = 1_000;

/**
 * Reads a DSSE envelope with an in-toto statement, without looking at its signatures.
 * @throws XylemError E_ENVELOPE_INVALID
 */
export function readAttestation(bytes: Uint8Array): Attestation {
  const envelope = parseEnvelope(bytes);
  if (envelope.payloadType !== statementPayloadType) {
    throw invalid(`its payload type is ${envelope.payloadType.slice(0, 100)}, not ${statementPayloadType}`);
  }
  return { digest: sha256(bytes) as Digest, envelope, statement: readStatement(envelope.payload) };
}

function readStatement(payload: Uint8Array): Statement {
  const value = objectOf(jsonOf(payload), 'the statement');
  if (!/^https:\/\/in-toto\.io\/Statement\/(v1|v0\.1)$/.test(textOf(value['_type']) ?? '')) {
    throw invalid('its payload is no in-toto statement of version 1 or 0.1');
  }
  const predicateType = textOf(value['predicateType']);
  if (predicateType === null || predicateType.length > 500) throw invalid('predicateType is no short string');
  const { subject } = value;
  if (!Array.isArray(subject) || subject.length === 0 || subject.length > mostSubjects) {
    throw invalid(`it has not between 1 and ${mostSubjects} subjects`);
  }
  const subjects = subject.flatMap((one: unknown): Digest[] => {
    const digest = at(one, 'digest', 'sha256');
    return typeof digest === 'string' && isDigest(digest) ? [digest] : [];
  });
  const { predicate } = value;
  return {
    subjects,
    predicateType,
    builder: textOf(at(predicate, 'runDetails', 'builder', 'id')) ?? textOf(at(predicate, 'builder', 'id')),
    source: sourceOf(predicate),
    result: textOf(at(predicate, 'result')),
  };
}

/** Only what the builder says the build was started from: a dependency proves nothing about where it comes from. */
function sourceOf(predicate: unknown): string | null {
  const parameters = at(predicate, 'buildDefinition', 'externalParameters');
  return (
    textOf(at(parameters, 'workflow', 'repository')) ??
    textOf(at(parameters, 'source', 'uri')) ??
    textOf(at(parameters, 'source')) ??
    textOf(at(predicate, 'invocation', 'configSource', 'uri'))
  );
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function jsonOf(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new XylemError('E_ENVELOPE_INVALID', 'The envelope is refused: its payload is no JSON.', { cause });
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalid(`${what} is no JSON object`);
}

function invalid(what: string): XylemError {
  return new XylemError('E_ENVELOPE_INVALID', `The envelope is refused: ${what}.`);
}
