import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits, XylemError } from '@xylem/core';
import { type Clock, type HttpClient, type Log, readBody } from '@xylem/platform';
import { sendFault, sendFaultAndClose, sendJson } from './answer.ts';

export interface ForwardOptions {
  readonly http: HttpClient;
  readonly parents: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** All parents together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Strangers may ask to join. So many are passed on at once; whoever is slow to say what it wants does not count among
 * them, but has little time, and memory is bounded by the limit of a message.
 */
const mostAtOnce = 64;
const mostReadAtOnce = 256;
const readWithinMs = 10_000;

/** Passes `/join` and `/renew` on to the first parent that answers, without reading them: MAC and signature protect both ways. */
export function forwarding(options: ForwardOptions) {
  let running = 0;
  let reading = 0;
  return async (
    route: '/join' | '/renew',
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    if (reading >= mostReadAtOnce) {
      sendBusy(request, response);
      return;
    }
    reading += 1;
    const body = await readInTime(options.clock, request, response).finally(() => {
      reading -= 1;
    });
    if (body === null) return;
    if (running >= mostAtOnce) {
      sendBusy(request, response);
      return;
    }
    running += 1;
    try {
      await forward(options, route, body, response);
    } finally {
      running -= 1;
    }
  };
}

function sendBusy(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('retry-after', '5');
  sendFaultAndClose(
    request,
    response,
    503,
    'E_TIMEOUT',
    'Too many hosts join at the same time. Try again soon.',
  );
}

/** Null: it came too slowly or was too large, and that is said. */
async function readInTime(
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Buffer | null> {
  const read = new AbortController();
  clock.sleep(readWithinMs, read.signal).then(
    () => request.destroy(),
    () => undefined,
  );
  try {
    return await readBody(request, limits.joinMessage, 'The request');
  } catch (error) {
    if (error instanceof XylemError) sendFaultAndClose(request, response, 413, error.code, error.message);
    return null;
  } finally {
    read.abort();
  }
}

async function forward(
  options: ForwardOptions,
  route: string,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const { http, parents, clock, log, timeoutMs } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, options.signal]);
  clock.sleep(timeoutMs, signal).then(
    () => stop.abort(),
    () => undefined,
  );
  response.once('close', () => stop.abort());
  try {
    for (const parent of parents()) {
      try {
        const answer = await http.request({
          method: 'POST',
          url: `${parent.replace(/\/+$/, '')}${route}`,
          headers: { 'content-type': 'application/json' },
          body,
          signal,
          idleTimeoutMs: timeoutMs,
        });
        const text = await readBody(answer.body, limits.joinMessage, `The answer of ${parent}`);
        // A parent without a parent, or one that is no node at all, is no answer.
        if (answer.status < 500 && answer.status !== 404 && answer.status !== 405) {
          sendJson(response, answer.status, text);
          return;
        }
        log.warn('parent did not answer a host', { parent, route, status: answer.status });
      } catch (error) {
        if (signal.aborted) break;
        log.warn('parent did not answer a host', { parent, route, error });
      }
    }
  } finally {
    stop.abort();
  }
  response.setHeader('retry-after', '10');
  sendFault(
    response,
    503,
    'E_PARENT_UNREACHABLE',
    'This relay reaches no parent now. Try again, or join elsewhere.',
  );
}
