import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@xylem/core';

/** As for a file that is not there: who may not know gets the same. */
export function sendMissing(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(404, { 'cache-control': 'no-store', 'content-length': 0 }).end();
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: Uint8Array | string,
  more: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response
    .writeHead(status, {
      ...more,
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    })
    .end(body);
}

export function sendFault(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  sendJson(response, status, JSON.stringify({ code, message }));
}

/** For a body that is not read to its end: the connection can't be used again. */
export function sendFaultAndClose(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  message: string,
): void {
  response.setHeader('connection', 'close');
  sendFault(response, status, code, message);
  response.once('finish', () => request.destroy());
}
