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

/** Strangers may ask to join: so many at once, and no more memory than this times the limit of a message. */
const mostAtOnce = 64;

/** Passes `/join` and `/renew` on to the first parent that answers, without reading them: MAC and signature protect both ways. */
export function forwarding(options: ForwardOptions) {
  let running = 0;
  return async (
    route: '/join' | '/renew',
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    if (running >= mostAtOnce) {
      response.setHeader('retry-after', '5');
      sendFaultAndClose(
        request,
        response,
        503,
        'E_TIMEOUT',
        'Too many hosts join at the same time. Try again soon.',
      );
      return;
    }
    running += 1;
    try {
      await forward(options, route, request, response);
    } finally {
      running -= 1;
    }
  };
}

async function forward(
  options: ForwardOptions,
  route: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { http, parents, clock, log, timeoutMs } = options;
  let body: Buffer;
  try {
    body = await readBody(request, limits.joinMessage, 'The request');
  } catch (error) {
    if (error instanceof XylemError) sendFaultAndClose(request, response, 413, error.code, error.message);
    return;
  }
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
