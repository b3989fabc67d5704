import {
  type Envelope,
  limits,
  parseReport,
  parseWatermark,
  reportPayloadType,
  watermarkPayloadType,
  XylemError,
} from '@xylem/core';
import { openEnvelope, parseEnvelope } from '@xylem/trust';
import type { ReportNumber, SpooledReport } from './fold.ts';

export interface KeptWatermark extends ReportNumber {
  readonly envelope: Envelope;
}

/**
 * Looks into a report's envelope. Its signature is for the root server to check: only it knows the hosts' keys.
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export function readReport(envelope: Envelope): SpooledReport {
  const { payload, payloadType, signatures } = parseEnvelope(envelope, limits.report);
  if (payloadType !== reportPayloadType) throw invalid(`its payload type is not ${reportPayloadType}`);
  const { host, environment, incarnation, sequence } = parseReport(payload);
  if (!signatures.some(({ keyid }) => keyid === host))
    throw invalid('it is not signed as the host that it is about');
  return { host, environment, incarnation, sequence, envelope };
}

/**
 * What a watermark says, whoever made it: enough to see that it tells nothing new, and no more.
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export function claimOf(envelope: Envelope): ReportNumber {
  return parseWatermark(parseEnvelope(envelope, limits.watermark).payload);
}

/**
 * Opens a watermark that one of the collectors signed.
 * @param keys raw public keys of the environments' collectors
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export async function readWatermark(envelope: Envelope, keys: readonly Uint8Array[]): Promise<KeptWatermark> {
  for (const key of keys) {
    const opened = await openEnvelope(envelope, watermarkPayloadType, () => key, limits.watermark).catch(
      () => null,
    );
    if (opened === null) continue;
    const { host, incarnation, sequence } = parseWatermark(opened.payload);
    return { host, incarnation, sequence, envelope };
  }
  throw invalid('no collector that this relay knows has signed it');
}

function invalid(what: string): XylemError {
  return new XylemError('E_ENVELOPE_INVALID', `The envelope is refused: ${what}.`);
}
