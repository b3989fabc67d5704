import { type Envelope, limits, parseReport, reportPayloadType, XylemError } from '@xylem/core';
import { parseEnvelope } from '@xylem/trust';
import type { SpooledReport } from './fold.ts';

/**
 * Looks into a report's envelope. Its signature is for the root server to check: only it knows the hosts' keys.
 * @param readsProofs whether all through whom it came can read proofs
 * @throws XylemError E_ENVELOPE_INVALID, E_REPORT_INVALID
 */
export function readReport(envelope: Envelope, readsProofs: boolean): SpooledReport {
  const { payload, payloadType, signatures } = parseEnvelope(envelope, limits.report);
  if (payloadType !== reportPayloadType) throw invalid(`its payload type is not ${reportPayloadType}`);
  const { host, environment, incarnation, sequence } = parseReport(payload);
  if (!signatures.some(({ keyid }) => keyid === host))
    throw invalid('it is not signed as the host that it is about');
  return { host, environment, incarnation, sequence, single: !readsProofs, envelope };
}

function invalid(what: string): XylemError {
  return new XylemError('E_ENVELOPE_INVALID', `The envelope is refused: ${what}.`);
}
