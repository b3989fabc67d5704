import {
  type Envelope,
  isProven,
  jointOver,
  limits,
  numbersOf,
  type Proofs,
  parseWatermark,
  type Taken,
  XylemError,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { openJointWatermark, openWatermark, parseEnvelope } from '@xylem/trust';
import type { ReportNumber } from './fold.ts';

/** The newest that the root server said of a host: in an envelope of its own, or by a proof and what it leads to. */
export interface KeptWatermark extends ReportNumber {
  readonly envelope: Envelope;
  readonly proof: { readonly index: number; readonly path: string } | null;
}

/** What an answer is to. */
interface Sent {
  readonly reports: readonly ReportNumber[];
  /** Whether it says more than what is known. Parents answer with the newest that they have: mostly it is here. */
  readonly isNew: (number: ReportNumber) => boolean;
  /** Raw public keys of the environments' collectors. */
  readonly collectors: readonly Uint8Array[];
  readonly log: Log;
}

/**
 * The watermarks of an answer to these reports that say something new. What no known collector signed is left out and
 * logged; of what is not new no signature is checked.
 */
export async function watermarksIn(taken: Taken, sent: Sent): Promise<KeptWatermark[]> {
  const parts: (() => Promise<KeptWatermark[]>)[] = taken.watermarks.map(
    (envelope) => () => readSingle(envelope, sent),
  );
  const { joint } = taken;
  if (joint !== undefined) parts.push(() => readJoint(joint, sent));
  for (const proofs of taken.proofs ?? []) parts.push(() => readProofs(proofs, sent));
  const found: KeptWatermark[] = [];
  for (const read of parts) {
    try {
      found.push(...(await read()));
    } catch (error) {
      sent.log.warn('watermark refused', { error });
    }
  }
  return found;
}

async function readSingle(envelope: Envelope, { collectors, isNew }: Sent): Promise<KeptWatermark[]> {
  const claimed = parseWatermark(parseEnvelope(envelope, limits.watermark).payload);
  if (!isNew({ ...claimed, single: true })) return [];
  const { host, incarnation, sequence } = await openWatermark(envelope, collectors);
  return [{ host, incarnation, sequence, single: true, envelope, proof: null }];
}

/** The root server signed a tree over what was sent: the proofs are made here. */
async function readJoint(
  joint: NonNullable<Taken['joint']>,
  { reports, collectors }: Sent,
): Promise<KeptWatermark[]> {
  const { count, digest } = await openJointWatermark(joint.signed, collectors);
  const numbers = numbersOf(reports, joint);
  const { signed, proof } = jointOver(numbers);
  if (signed.count !== count || signed.digest !== digest)
    throw new XylemError('E_REPORT_INVALID', 'A joint watermark is over other reports than were sent.');
  return numbers.map((_, index) => keptOf(joint.signed, proof(index)));
}

/** One that leads elsewhere spoils none of the others. */
async function readProofs(
  { signed, proofs: given }: Proofs,
  { collectors, isNew, log }: Sent,
): Promise<KeptWatermark[]> {
  const proofs = given.filter((proof) => isNew({ ...proof, single: false }));
  if (proofs.length === 0) return [];
  const joint = await openJointWatermark(signed, collectors);
  const proven = proofs.filter((proof) => isProven(joint, proof));
  if (proven.length < proofs.length)
    log.warn('proofs refused', { refused: proofs.length - proven.length, of: proofs.length });
  return proven.map((proof) => keptOf(signed, proof));
}

export function keptOf(signed: Envelope, proof: Proofs['proofs'][number]): KeptWatermark {
  const { host, incarnation, sequence, index, path } = proof;
  return { host, incarnation, sequence, single: false, envelope: signed, proof: { index, path } };
}
