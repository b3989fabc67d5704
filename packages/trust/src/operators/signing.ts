import {
  encodeSigning,
  type Lift,
  liftPayloadType,
  type Operators,
  operatorsPayloadType,
  parseLift,
  parseOperators,
  parseSigning,
  type Signing,
  XylemError,
} from '@xylem/core';
import type { PublicKey, Signer } from '../keys/key-pair.ts';
import { readOperators } from './operators.ts';
import { operatorKeys, type SignedDocument, signDocument, signedBy } from './signed.ts';

/** What operators are to sign, with all that says who must. */
export interface OpenSigning {
  readonly environment: Signing['environment'];
  /** In force; null before the first. */
  readonly current: Operators | null;
  /** What is signed: one of the two. */
  readonly next: Operators | null;
  readonly lift: Lift | null;
  readonly document: SignedDocument;
  readonly file: Signing;
}

/** Whose signatures a document needs. */
interface Demand {
  readonly whose: string;
  readonly threshold: number;
  readonly keys: readonly PublicKey[];
}

/**
 * Reads what operators are to sign (docs/spec/custody.md, Signing by several), and refuses what no root server takes.
 * @throws XylemError E_DOCUMENT_INVALID, E_OPERATORS_INVALID, E_LIFT_INVALID
 */
export function readSigning(input: unknown): OpenSigning {
  const file = parseSigning(input);
  const { environment, document } = file;
  const current = file.operators === null ? null : readOperators(file.operators, environment.id).operators;
  const payload = Buffer.from(document.payload, 'base64');
  const next = document.payloadType === operatorsPayloadType ? parseOperators(payload) : null;
  const lift = document.payloadType === liftPayloadType ? parseLift(payload) : null;
  const said = next ?? lift;
  if (said === null) throw invalid('it holds neither operators nor a lift');
  if (said.environment !== environment.id) throw invalid('what is signed is of another environment');
  if (next !== null && next.number !== (current?.number ?? 0) + 1)
    throw invalid('these operators do not follow');
  if (lift !== null && current === null) throw invalid('there are no operators who could lift anything');
  return { environment, current, next, lift, document, file };
}

export const writeSigning = ({ file, document }: OpenSigning): Uint8Array =>
  encodeSigning({ ...file, document });

/** The keys that have a say: those in force, and those that follow. */
export function signingKeys(open: OpenSigning): PublicKey[] {
  const all = demands(open).flatMap(({ keys }) => keys);
  return all.filter(({ keyId }, at) => all.findIndex((one) => one.keyId === keyId) === at);
}

/** The same with the signatures of these keys, each once. */
export async function addSignatures(open: OpenSigning, signers: readonly Signer[]): Promise<OpenSigning> {
  const { payloadType, payload, signatures } = open.document;
  const made = await signDocument(payloadType, Buffer.from(payload, 'base64'), signers);
  const added = new Set(made.signatures.map(({ keyid }) => keyid));
  const kept = signatures.filter(({ keyid }) => !added.has(keyid));
  return { ...open, document: { ...open.document, signatures: [...kept, ...made.signatures] } };
}

/** What is still to be signed, a sentence for each demand that is not met. */
export function unsigned(open: OpenSigning): string[] {
  const { payloadType, payload, signatures } = open.document;
  const envelope = {
    payloadType,
    payload: Buffer.from(payload, 'base64'),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig, 'base64') })),
  };
  return demands(open).flatMap(({ whose, threshold, keys }) => {
    const signed = signedBy(envelope, keys);
    if (signed.length >= threshold) return [];
    const others = keys.filter(({ keyId }) => !signed.some((one) => one.keyId === keyId));
    const who = others.map(({ keyId }) => keyId.slice(0, 16)).join(', ');
    return [
      `Signed by ${signed.length} of the ${threshold} keys that it needs of ${whose}; possible are ${who}`,
    ];
  });
}

/** What is signed, in words made from the very bytes. */
export function signingInWords({ environment, current, next, lift }: OpenSigning): string[] {
  const place = `${environment.name} (environment ${environment.id}: compare it)`;
  if (lift !== null) {
    const { product, version, release, quarantine, reason } = lift;
    return [
      `Lifts the quarantine ${quarantine} of ${product}@${version} (release ${release.slice(0, 16)}) in ${place}.`,
      `Reason: ${reason}`,
    ];
  }
  const named = ({ keys }: Operators) =>
    operatorKeys({ keys }).map(({ keyId }, at) => `${keys[at]?.name ?? ''} (${keyId.slice(0, 16)})`);
  const [was, are] = [current === null ? [] : named(current), next === null ? [] : named(next)];
  return [
    `Operators of ${place}, number ${next?.number ?? 0}: ${next?.threshold ?? 0} of ${are.length} must sign a lift.`,
    ...are.filter((one) => !was.includes(one)).map((one) => `  may lift from now on: ${one}`),
    ...are.filter((one) => was.includes(one)).map((one) => `  as before: ${one}`),
    ...was.filter((one) => !are.includes(one)).map((one) => `  no longer: ${one}`),
  ];
}

function demands({ current, next }: OpenSigning): Demand[] {
  return [current, next].flatMap((operators) =>
    operators === null
      ? []
      : [
          {
            whose: `the operators, number ${operators.number}`,
            threshold: operators.threshold,
            keys: operatorKeys(operators),
          },
        ],
  );
}

const invalid = (what: string): XylemError =>
  new XylemError('E_DOCUMENT_INVALID', `The file can't be signed: ${what}.`, { retry: 'never' });
