import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Envelope,
  encodeTaken,
  type HostId,
  limits,
  parseReportBatch,
  proofsHeader,
  XylemError,
} from '@xylem/core';
import { type Log, packAnswer, readBody, unpackBody } from '@xylem/platform';
import type { Peer } from '@xylem/trust';
import { readReport } from '../spool/entry.ts';
import type { SpooledReport } from '../spool/fold.ts';
import type { Spool } from '../spool/spool.ts';
import { sendFault, sendFaultAndClose, sendJson } from './answer.ts';

export interface TakeReportsOptions {
  readonly spool: Spool;
  readonly log: Log;
  readonly isRevoked: (host: HostId) => boolean;
  readonly onTaken: (reports: number) => void;
}

/** `POST /reports`: durable before it is answered. A host brings its own; a relay whatever it collected. */
export function takeReports(options: TakeReportsOptions) {
  return async (peer: Peer, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const what = 'The batch of reports';
      // A thousand hosts may report at once: each has room for its own report, in base64 and with its envelope.
      const maxBytes = carriesOthers(peer) ? limits.reportBatch : limits.report * 2;
      const text = await unpackBody(
        await readBody(request, maxBytes, what),
        request.headers['content-encoding'],
        { maxBytes, what, code: 'E_REPORT_INVALID' },
      );
      const readsProofs = request.headers[proofsHeader] !== undefined;
      const reports = admit(peer, parseReportBatch(text).reports, readsProofs, options);
      await options.spool.take(reports);
      const watermarks = options.spool.watermarks(
        reports.map(({ host }) => host),
        readsProofs,
      );
      const { body, headers } = await packAnswer(encodeTaken(watermarks), request.headers['accept-encoding']);
      sendJson(response, 202, body, headers);
      options.onTaken(reports.length);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      options.log.warn('reports not taken', { from: peer.host, error });
      const isOurs =
        error.code === 'E_DISK_FULL' || error.code === 'E_STORAGE' || error.code === 'E_PERMISSION';
      if (isOurs) sendFault(response, 503, error.code, error.message);
      else if (error.code === 'E_TOO_LARGE')
        sendFaultAndClose(request, response, 413, error.code, error.message);
      else sendFault(response, 400, error.code, error.message);
    }
  };
}

const carriesOthers = (peer: Peer): boolean => peer.root || peer.serves !== null;

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
