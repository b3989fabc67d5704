import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { encodeTaken, limits, parseReportBatch } from '@xylem/core';
import {
  createHttpClient,
  readBody,
  silentLog,
  systemClock,
  systemRandomness,
  unpackBody,
} from '@xylem/platform';
import { removeLater, tempFolder, waitUntil } from '@xylem/testkit';
import { relayTiming } from '../defaults.ts';
import { spooledReport } from '../testing/reports.ts';
import { Forwarder } from './forwarder.ts';
import { Spool } from './spool.ts';

/** What a parent is sent of a spool that holds 700 reports. @returns the reports of each batch */
async function forwarded(t: TestContext, upNow: number | null) {
  const batches: (readonly string[])[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const rules = { maxBytes: limits.reportBatch, what: 'The batch', code: 'E_REPORT_INVALID' } as const;
    const body = await readBody(request, rules.maxBytes, rules.what);
    const { reports } = parseReportBatch(await unpackBody(body, request.headers['content-encoding'], rules));
    batches.push(reports.map(({ payload }) => payload));
    response.writeHead(202).end(encodeTaken({ format: 'xylem-taken-1', watermarks: [] }));
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = createHttpClient();
  const folder = await tempFolder(t, 'spool');
  const spool = await Spool.open({ folder, log: silentLog, clock: systemClock, collectorKeys: () => [] });
  await spool.take(Array.from({ length: 700 }, (_, n) => spooledReport(n, 1)));
  const stop = new AbortController();
  const forwarder = new Forwarder({
    spool,
    http,
    parents: () => [`http://127.0.0.1:${(server.address() as AddressInfo).port}`],
    clock: systemClock,
    randomness: systemRandomness,
    log: silentLog,
    timing: { ...relayTiming, reportBatchMs: 1, reportPaceMs: 1 },
    signal: stop.signal,
    upNow: () => upNow,
    onFault: (error) => assert.fail(String(error)),
    onTaken: () => undefined,
  });
  const running = forwarder.run();
  removeLater(t, async () => {
    stop.abort();
    await running;
    await spool.close();
    http.close();
    server.close();
  });
  await waitUntil(() => batches.flat().length >= 700);
  assert.equal(new Set(batches.flat()).size, 700);
  return batches;
}

test('a batch holds no more than a limited link lets up within a minute', async (t) => {
  assert.equal((await forwarded(t, null)).length, 1);
  const batches = await forwarded(t, 8_000);
  assert.ok(batches.length > 1, String(batches.length));
  for (const batch of batches) assert.ok(batch.join('').length <= 480_000);
});
