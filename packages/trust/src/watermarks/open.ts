import {
  type JointWatermark,
  jointWatermarkPayloadType,
  limits,
  parseJointWatermark,
  parseWatermark,
  type Watermark,
  watermarkPayloadType,
  XylemError,
} from '@xylem/core';
import { openEnvelope } from '../envelope/envelope.ts';

/**
 * @param collectors raw public keys by which watermarks are believed
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export async function openWatermark(
  envelope: Uint8Array | object,
  collectors: readonly Uint8Array[],
): Promise<Watermark> {
  return parseWatermark(await opened(envelope, watermarkPayloadType, collectors));
}

/** As `openWatermark`; what single hosts reported is for proofs to say. */
export async function openJointWatermark(
  envelope: Uint8Array | object,
  collectors: readonly Uint8Array[],
): Promise<JointWatermark> {
  return parseJointWatermark(await opened(envelope, jointWatermarkPayloadType, collectors));
}

async function opened(
  envelope: Uint8Array | object,
  payloadType: string,
  collectors: readonly Uint8Array[],
): Promise<Uint8Array> {
  let fault: unknown = new XylemError(
    'E_ENVELOPE_INVALID',
    'No collector is known that could have signed it.',
  );
  for (const key of collectors) {
    try {
      return (await openEnvelope(envelope, payloadType, () => key, limits.watermark)).payload;
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}
