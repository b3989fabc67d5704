import type { IncomingMessage, ServerResponse } from 'node:http';
import { encodeTaken, type Taken, XylemError } from '@xylem/core';
import { type Log, packAnswer, readBody, unpackBody } from '@xylem/platform';
import type { Peer } from '@xylem/trust';
import { sendFault, sendFaultAndClose, sendJson } from './answer.ts';

export type PostedRoute = (peer: Peer, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const retryAfterSeconds = '60';

/** What children post about reports: `answer` sends what is right, faults are told here. */
export function posted(answer: PostedRoute, log: Log): PostedRoute {
  return async (peer, request, response) => {
    try {
      await answer(peer, request, response);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      log.warn('request about reports refused', { from: peer.host, url: request.url, error });
      const isOurs =
        error.code === 'E_DISK_FULL' || error.code === 'E_STORAGE' || error.code === 'E_PERMISSION';
      if (isOurs) {
        response.setHeader('retry-after', retryAfterSeconds);
        sendFault(response, 503, error.code, error.message);
      } else if (error.code === 'E_TOO_LARGE')
        sendFaultAndClose(request, response, 413, error.code, error.message);
      else sendFault(response, 400, error.code, error.message);
    }
  };
}

/** @throws XylemError E_TOO_LARGE, E_NETWORK, E_REPORT_INVALID */
export async function readPosted(
  request: IncomingMessage,
  { maxBytes, what }: { readonly maxBytes: number; readonly what: string },
): Promise<Buffer> {
  const body = await readBody(request, maxBytes, what);
  const rules = { maxBytes, what, code: 'E_REPORT_INVALID' } as const;
  return await unpackBody(body, request.headers['content-encoding'], rules);
}

export async function sendTaken(
  status: 200 | 202,
  taken: Taken,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): Promise<void> {
  const { body, headers } = await packAnswer(encodeTaken(taken), request.headers['accept-encoding']);
  sendJson(response, status, body, headers);
}
