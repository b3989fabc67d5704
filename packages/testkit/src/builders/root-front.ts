import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import {
  type EnvironmentId,
  encodeTaken,
  parseReport,
  parseReportBatch,
  proofsHeader,
  type Report,
  timeOf,
} from '@xylem/core';
import { packAnswer, systemRandomness } from '@xylem/platform';
import { newsHub, serveRepository } from '@xylem/store';
import { answerToReports, generateKey, parseEnvelope, serverTls } from '@xylem/trust';
import { type Cleanup, removeLater } from '../cleanup.ts';
import type { TestInstallation } from './installation.ts';

/**
 * A parent over an installation's folder: TLS, files, news, reports with watermarks, single ones if it `isOlder`. It
 * checks nobody's rights.
 */
export interface RootFront {
  readonly url: string;
  readonly port: number;
  /** Method and path of each request, in order. */
  readonly requests: string[];
  /** A batch that holds a report of one of these hosts is answered with 400. */
  readonly refuseReportsOf: Set<string>;
  /** Newest report of each host. */
  readonly reports: ReadonlyMap<string, Report>;
  /** Answers other than files: for faults. Returns true when it answered. */
  intercept(handler: ((request: IncomingMessage, response: ServerResponse) => boolean) | null): void;
  announce(environment: EnvironmentId): void;
  /** Says that its disk has been full for so long; null: it is not. */
  full(forMs: number | null): void;
  close(): Promise<void>;
}

export async function rootFront(
  context: Cleanup,
  installation: TestInstallation,
  options: { holdMs?: number; withoutNews?: boolean; port?: number; isOlder?: boolean } = {},
): Promise<RootFront> {
  const { repository, ca, clock, collector } = installation;
  const key = generateKey();
  const certificatePem = await ca.issueRoot(key.public);
  let fullForMs: number | null = null;
  const hub = newsHub(repository, {
    clock,
    randomness: systemRandomness,
    sinceRootMs: () => 0,
    fullForMs: () => fullForMs,
    ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs }),
  });
  const files = serveRepository(repository, { authorise: () => true });
  const requests: string[] = [];
  const reports = new Map<string, Report>();
  const refuseReportsOf = new Set<string>();
  let intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;

  const takeReports = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    const text = request.headers['content-encoding'] === 'zstd' ? zlib.zstdDecompressSync(body) : body;
    const arrived = parseReportBatch(text).reports.map((envelope) =>
      parseReport(parseEnvelope(envelope).payload),
    );
    if (arrived.some(({ host }) => refuseReportsOf.has(host))) {
      response.writeHead(400).end('{}');
      return;
    }
    for (const report of arrived) reports.set(report.host, report);
    const taken = answerToReports(
      arrived.map((report) => ({ ...report, held: report.sequence })),
      {
        collector,
        time: timeOf(clock.now()),
        readsProofs: options.isOlder !== true && request.headers[proofsHeader] !== undefined,
      },
    );
    const answer = await packAnswer(encodeTaken(taken), request.headers['accept-encoding']);
    response.writeHead(202, answer.headers).end(answer.body);
  };

  const server = createServer(
    serverTls({ key, certificatePem, caPem: ca.certificatePem }),
    (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      if (intercept?.(request, response) === true) return;
      const path = request.url?.split('?', 1)[0];
      if (path === '/news' && options.withoutNews !== true) hub.handle(request, response, () => true);
      else if (path === '/reports') void takeReports(request, response);
      else if (!files(request, response)) response.writeHead(404).end();
    },
  );
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      hub.close();
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  removeLater(context, close);
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    requests,
    refuseReportsOf,
    reports,
    intercept: (handler) => {
      intercept = handler;
    },
    announce: (environment) => hub.announce(environment),
    full: (forMs) => {
      fullForMs = forMs;
      hub.announceFullness();
    },
    close,
  };
}
