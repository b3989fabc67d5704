import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type EnvironmentId,
  encodeNews,
  lifetimes,
  limits,
  type News,
  type NewsCursor,
  parseNewsCursor,
  toB64u,
  XylemError,
} from '@xylem/core';
import type { Clock, Log, Randomness } from '@xylem/platform';
import type { Repository } from '../repository/repository.ts';
import { type Sleeper, Wakes } from './wakes.ts';

/** Held `GET /news` requests over what lies in a repository folder (docs/spec/news.md). It keeps no list of nodes. */
export interface NewsHub {
  /** Answers `GET /news?since=…`. `allowed`: which environments the asking node may follow. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    allowed: (environment: EnvironmentId) => boolean,
  ): void;
  /** Wakes who waits for this environment. To be called after timestamp.json was replaced. */
  announce(environment: EnvironmentId): void;
  /** Answers who was told otherwise. To be called when this node's disk became full, or has room again. */
  announceFullness(): void;
  /** Answers all held requests with "ask again" and holds none any more. */
  close(): void;
}

export interface NewsHubOptions {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log?: Log;
  readonly holdMs?: number;
  readonly maxHeld?: number;
  /** How long ago the root server was heard of, when an answer is given; null: not known. Default: not said. */
  readonly sinceRootMs?: () => number | null;
  /** For how long this node's disk has been full; null: it is not. Default: not said. */
  readonly fullForMs?: () => number | null;
  /** Told of every well-formed request, with the environments that the node may follow. */
  readonly onAsked?: (request: IncomingMessage, environments: readonly EnvironmentId[]) => void;
}

const knownMs = 1000;

/** A question that can be answered now, or later. */
interface Asked {
  readonly cursor: NewsCursor;
  /** What the asking node last heard: that this one is full, or not; null: it does not say, and is not told at once. */
  readonly full: boolean | null;
  readonly response: ServerResponse;
}

interface Held extends Asked, Sleeper {
  end(): void;
}

interface Latest {
  readonly snapshot: number;
  readonly timestamp: Uint8Array;
}

export function newsHub(repository: Repository, options: NewsHubOptions): NewsHub {
  const { clock, randomness, holdMs = lifetimes.heldNewsMs, maxHeld = 20_000 } = options;
  const send = (response: ServerResponse, changed: News['changed']): void => {
    const sinceRootMs = options.sinceRootMs?.() ?? null;
    const fullForMs = options.fullForMs?.() ?? null;
    const said = {
      ...(sinceRootMs === null ? {} : { sinceRootMs: Math.round(sinceRootMs) }),
      ...(fullForMs === null ? {} : { fullForMs: Math.round(fullForMs) }),
    };
    sendJson(response, 200, encodeNews({ format: 'xylem-news-1', changed, ...said }));
  };
  const isFull = (): boolean => (options.fullForMs?.() ?? null) !== null;
  const waiting = new Map<EnvironmentId, Set<Held>>();
  /** What the folder says, read once for all that ask at the same time. */
  const known = new Map<EnvironmentId, { readonly value: Promise<Latest | null>; readonly readMs: number }>();
  const held = new Set<Held>();
  const wakes = new Wakes(clock);
  let isClosed = false;

  const latest = (environment: EnvironmentId): Promise<Latest | null> => {
    const present = known.get(environment);
    // Timestamps are also renewed without being announced: what is handed out is never older than a second.
    if (present !== undefined && clock.monotonicMs() - present.readMs < knownMs) return present.value;
    const value = readLatest(repository, environment).catch((error: unknown) => {
      options.log?.error('timestamp can not be read', { environment, error });
      return null;
    });
    known.set(environment, { value, readMs: clock.monotonicMs() });
    return value;
  };

  const answer = async ({ cursor, full, response }: Asked): Promise<boolean> => {
    const changed = [];
    for (const [environment, snapshot] of cursor) {
      const now = await latest(environment);
      if (now !== null && now.snapshot > snapshot) {
        changed.push({ environment, snapshot: now.snapshot, timestamp: toB64u(now.timestamp) });
      }
    }
    if (changed.length === 0 && (full === null || full === isFull())) return false;
    send(response, changed);
    return true;
  };

  const hold = (asked: Asked, connection: object): void => {
    const { cursor, response } = asked;
    const stop = new AbortController();
    const one: Held = {
      ...asked,
      connection,
      tell: async () => {
        try {
          const answered = await answer(one);
          if (answered) one.end();
          return answered;
        } catch (error) {
          response.destroy();
          throw error;
        }
      },
      end: () => {
        held.delete(one);
        wakes.forget(one);
        for (const environment of cursor.keys()) {
          const others = waiting.get(environment);
          others?.delete(one);
          if (others?.size === 0) waiting.delete(environment);
        }
        stop.abort();
      },
    };
    held.add(one);
    for (const environment of cursor.keys()) {
      const others = waiting.get(environment) ?? new Set();
      waiting.set(environment, others.add(one));
    }
    response.once('close', () => one.end());
    // Jitter keeps a fleet that came together from asking again together.
    clock.sleep(holdMs * (0.8 + 0.2 * randomness.fraction()), stop.signal).then(
      () => {
        one.end();
        send(response, []);
      },
      () => undefined,
    );
  };

  return {
    handle: (request, response, allowed) => {
      let asked: Asked;
      try {
        const query = new URL(request.url ?? '/', 'http://node').searchParams;
        const cursor = [...parseNewsCursor(query.get('since') ?? '')];
        const full = query.get('full');
        asked = {
          cursor: new Map(cursor.filter(([environment]) => allowed(environment))),
          full: full === null ? null : full === '1',
          response,
        };
      } catch (error) {
        const message = error instanceof XylemError ? error.message : 'bad request';
        sendJson(response, 400, Buffer.from(JSON.stringify({ code: 'E_INPUT', message })));
        return;
      }
      wakes.isBack(request.socket);
      options.onAsked?.(request, [...asked.cursor.keys()]);
      answer(asked).then(
        (answered) => {
          if (answered || response.destroyed) return;
          // Whoever can't be held must not ask again at once: a failure makes it wait, or turn to another parent.
          if (isClosed || held.size >= maxHeld) {
            response.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end();
          } else {
            hold(asked, request.socket);
            // What was announced between reading and holding must not be slept through.
            answer(asked).catch(() => response.destroy());
          }
        },
        () => response.destroy(),
      );
    },
    announce: (environment) => {
      known.delete(environment);
      wakes.add(waiting.get(environment) ?? []);
    },
    announceFullness: () => wakes.add([...held].filter(({ full }) => full !== null && full !== isFull())),
    close: () => {
      isClosed = true;
      wakes.close();
      for (const one of held) {
        one.end();
        send(one.response, []);
      }
    },
  };
}

async function readLatest(repository: Repository, environment: EnvironmentId): Promise<Latest | null> {
  const bytes = await repository.readFile(`r/${environment}/metadata/timestamp.json`, limits.timestamp);
  if (bytes === null) return null;
  const document = JSON.parse(bytes.toString('utf8')) as {
    signed?: { meta?: { 'snapshot.json'?: { version?: unknown } } };
  };
  const version = document.signed?.meta?.['snapshot.json']?.version;
  if (typeof version !== 'number') {
    throw new XylemError('E_METADATA_INVALID', `The timestamp of ${environment} names no snapshot.`);
  }
  return { snapshot: version, timestamp: bytes };
}

function sendJson(response: ServerResponse, status: number, body: Uint8Array): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': body.length,
  });
  response.end(body);
}
