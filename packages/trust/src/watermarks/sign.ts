import {
  encodeJointWatermark,
  encodeWatermark,
  exceptionsOf,
  heldOf,
  jointOver,
  jointWatermarkPayloadType,
  type ReportNumber,
  type Taken,
  type TakenReport,
  type Time,
  type Envelope as WireEnvelope,
  watermarkPayloadType,
} from '@xylem/core';
import { signEnvelope } from '../envelope/envelope.ts';
import type { KeyPair } from '../keys/key-pair.ts';

/** By whom and when it is said that the root server has something. */
export interface Collecting {
  readonly collector: KeyPair;
  readonly time: Time;
}

export function signWatermark(
  { host, incarnation, sequence }: ReportNumber,
  { collector, time }: Collecting,
): WireEnvelope {
  const bytes = encodeWatermark({ format: 'xylem-watermark-1', host, incarnation, sequence, time });
  return wireEnvelope(watermarkPayloadType, bytes, collector);
}

/**
 * The root server's answer to reports (docs/spec/reports.md): one signature for several, to who can read proofs.
 * @param reports in the order of the request; null: it was not taken
 */
export function answerToReports(
  reports: readonly (TakenReport | null)[],
  how: Collecting & { readonly readsProofs: boolean },
): Taken {
  const held = heldOf(reports);
  if (how.readsProofs && held.length > 1) {
    const { signed } = jointOver(held);
    const bytes = encodeJointWatermark({ format: 'xylem-joint-watermark-1', ...signed, time: how.time });
    const envelope = wireEnvelope(jointWatermarkPayloadType, bytes, how.collector);
    return { format: 'xylem-taken-1', watermarks: [], joint: { signed: envelope, ...exceptionsOf(reports) } };
  }
  const newest = new Map(held.map((number) => [`${number.host} ${number.incarnation}`, number]));
  const watermarks = Array.from(newest.values(), (number) => signWatermark(number, how));
  return { format: 'xylem-taken-1', watermarks };
}

function wireEnvelope(payloadType: string, payload: Uint8Array, key: KeyPair): WireEnvelope {
  return JSON.parse(Buffer.from(signEnvelope(payloadType, payload, key)).toString()) as WireEnvelope;
}
