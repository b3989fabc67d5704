import {
  type HostId,
  isProven,
  limits,
  parseJson,
  parseProofs,
  type ReportNumber,
  XylemError,
} from '@xylem/core';
import { openJointWatermark, openWatermark } from '@xylem/trust';

/** One proof and what it leads to, or a single watermark. */
export const watermarkMaxBytes = limits.watermark * 2;

/**
 * What a parent says that the root server has of this host: a watermark's envelope, or proofs of a joint one.
 * @param document bytes, or the parsed JSON value (of an answer)
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export async function readWatermark(
  document: object | Uint8Array,
  host: HostId,
  collectorKey: Uint8Array,
): Promise<ReportNumber> {
  const value =
    document instanceof Uint8Array
      ? parseJson(document, 'watermark', { maxBytes: watermarkMaxBytes, code: 'E_REPORT_INVALID' })
      : document;
  if (typeof value !== 'object' || value === null)
    throw new XylemError('E_REPORT_INVALID', 'The watermark is no JSON object.');
  const watermark =
    'proofs' in value ? await proven(value, host, collectorKey) : await openWatermark(value, [collectorKey]);
  if (watermark.host !== host)
    throw new XylemError('E_REPORT_INVALID', 'The watermark is that of another host.');
  return watermark;
}

async function proven(value: object, host: HostId, collectorKey: Uint8Array): Promise<ReportNumber> {
  const { signed, proofs } = parseProofs(value);
  const proof = proofs.find((one) => one.host === host);
  if (proof === undefined) throw new XylemError('E_REPORT_INVALID', 'The watermark is that of other hosts.');
  if (!isProven(await openJointWatermark(signed, [collectorKey]), proof))
    throw new XylemError('E_REPORT_INVALID', 'The proof does not lead to what the root server signed.');
  return proof;
}
