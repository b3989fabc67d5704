import { type Envelope, type HostId, limits, parseReportBatch, proofsHeader, XylemError } from '@xylem/core';
import type { Log } from '@xylem/platform';
import type { Peer } from '@xylem/trust';
import { readReport } from '../spool/entry.ts';
import type { SpooledReport } from '../spool/fold.ts';
import type { Spool } from '../spool/spool.ts';
import { type PostedRoute, posted, readPosted, sendTaken } from './posted.ts';
import { carriesOthers } from './rights.ts';

export interface TakeReportsOptions {
  readonly spool: Spool;
  readonly log: Log;
  readonly isRevoked: (host: HostId) => boolean;
  readonly onTaken: (reports: number) => void;
  /** The disk did not take them. */
  readonly onRefused: (error: unknown) => void;
}

/** `POST /reports`: durable before it is answered. A host brings its own; a relay whatever it collected. */
export function takeReports(options: TakeReportsOptions): PostedRoute {
  return posted(async (peer, request, response) => {
    // A thousand hosts may report at once: each has room for its own report, in base64 and with its envelope.
    const maxBytes = carriesOthers(peer) ? limits.reportBatch : limits.report * 2;
    const text = await readPosted(request, { maxBytes, what: 'The batch of reports' });
    const readsProofs = request.headers[proofsHeader] !== undefined;
    const reports = admit(peer, parseReportBatch(text).reports, readsProofs, options);
    await options.spool.take(reports).catch((error: unknown) => {
      options.onRefused(error);
      throw error;
    });
    await sendTaken(202, options.spool.covering(reports, readsProofs), { request, response });
    options.onTaken(reports.length);
  }, options.log);
}

/** One bad report of another host must not hold up a relay's whole batch; a host that sends one hears of it. */
function admit(
  peer: Peer,
  envelopes: readonly Envelope[],
  readsProofs: boolean,
  { log, isRevoked }: TakeReportsOptions,
): SpooledReport[] {
  const carries = carriesOthers(peer);
  const reports: SpooledReport[] = [];
  for (const envelope of envelopes) {
    try {
      const report = readReport(envelope, readsProofs);
      if (!carries && report.host !== peer.host) {
        throw new XylemError('E_FORBIDDEN', 'A host brings its own reports only.');
      }
      if (isRevoked(report.host)) {
        throw new XylemError(
          'E_HOST_REVOKED',
          `The host ${report.host} was revoked: its reports are not taken.`,
        );
      }
      reports.push(report);
    } catch (error) {
      if (!carries) throw error;
      log.warn('report dropped', { from: peer.host, error });
    }
  }
  return reports;
}
