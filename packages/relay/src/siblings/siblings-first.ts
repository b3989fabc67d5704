import type { TLSSocket } from 'node:tls';
import { type Digest, type HostId, type NeighbourRelay, XylemError } from '@xylem/core';
import type { Clock, HttpClient, HttpRequest, HttpResponse, Log } from '@xylem/platform';
import { type Comparison, httpSource, type ObjectSource, type SourceChoice } from '@xylem/store';
import { hostAt, type Identity } from '@xylem/trust';
import type { RelayTiming } from '../options.ts';
import { orderFor } from './order.ts';
import type { UnderWay } from './under-way.ts';

export interface SiblingsFirstOptions {
  readonly upstream: SourceChoice;
  readonly siblings: () => Promise<readonly NeighbourRelay[]>;
  readonly underWay: UnderWay;
  readonly identity: () => Identity;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing: RelayTiming;
}

const longestLeftMs = 3_600_000;
/** One that refuses the connection may just be starting, and costs little. */
const cheapMs = 1_000;
const unreachableLeftMs = 5_000;
const askAgainMs = 250;
/** Siblings that are asked whether they have what this relay is to fetch. */
const mostAfter = 2;
/** Answers of one sibling about one object that may break off. */
const mostBreaks = 3;

interface Asked {
  readonly sibling: NeighbourRelay;
  /** How long it may hold the question; 0: it is asked for what it has. */
  readonly waitMs: number;
  /** How many times as long as the first of the order it may take. */
  readonly turns: number;
}

function isWrong({ code }: XylemError): boolean {
  return code === 'E_OBJECT_DIGEST' || code === 'E_TOO_LARGE';
}

/** Asks the relays of this site for an object before the parents (docs/spec/sites.md), and those for all else. */
export class SiblingsFirst implements SourceChoice {
  readonly #options: SiblingsFirstOptions;
  readonly #left = new Map<HostId, { untilMs: number; pauseMs: number }>();

  constructor(options: SiblingsFirstOptions) {
    this.#options = options;
  }

  /** Of parents: a relay of this site is left by the bounds of docs/spec/sites.md. */
  get comparison(): Comparison | undefined {
    return this.#options.upstream.comparison;
  }

  async attempt<T>(
    path: string,
    use: (source: ObjectSource) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { upstream, siblings, underWay, identity } = this.#options;
    const [, digest] = /^o\/[0-9a-f]{32}\/([0-9a-f]{64})$/.exec(path) ?? [];
    if (digest === undefined) return await upstream.attempt(path, use, signal);
    const own = identity().host as HostId;
    const { before, after } = orderFor(digest as Digest, own, await siblings());
    const { siblingHoldMs } = this.#options.timing;
    // Those after this one wait for it; but one that was there earlier may have it.
    const asked = [
      // Who comes later in the order may have waited for all before it.
      ...before.map((sibling, at) => ({ sibling, waitMs: siblingHoldMs, turns: at + 1 })),
      ...after.slice(0, mostAfter).map((sibling) => ({ sibling, waitMs: 0, turns: 1 })),
    ];
    const noted = (source: ObjectSource): Promise<T> => underWay.note(digest as Digest, () => use(source));
    for (const one of asked) {
      const given = await this.#attemptAt(one, noted, signal);
      if (given !== null) return given.result;
    }
    return await upstream.attempt(path, noted, signal);
  }

  /** @returns null where this sibling did not give it */
  async #attemptAt<T>(
    asked: Asked,
    use: (source: ObjectSource) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly result: T } | null> {
    const { sibling, waitMs, turns } = asked;
    const { clock, timing } = this.#options;
    const late = AbortSignal.timeout(timing.siblingMostMs * turns);
    const began = clock.monotonicMs();
    for (let breaks = 0; !this.#isLeft(sibling); breaks += 1) {
      const answer = { began: false, isMissing: false };
      try {
        return { result: await use(this.#sourceOf(asked, late, answer)) };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof XylemError) || error.retry !== 'elsewhere') throw error;
        if (waitMs === 0 && answer.isMissing) return null;
        // It passes on what others gave it, and they may fail it.
        const mayGoOn = answer.began && !late.aborted && breaks < mostBreaks && !isWrong(error);
        if (!mayGoOn) this.#leave(sibling, error, clock.monotonicMs() - began);
      }
    }
    return null;
  }

  #isLeft({ host }: NeighbourRelay): boolean {
    return (this.#left.get(host)?.untilMs ?? Number.NEGATIVE_INFINITY) > this.#options.clock.monotonicMs();
  }

  /** Twice as long each time, until it was good for an hour. */
  #leave({ host, url }: NeighbourRelay, error: XylemError, costMs: number): void {
    const { clock, log, timing } = this.#options;
    const now = clock.monotonicMs();
    const former = this.#left.get(host);
    // Several objects that fail at once are one fault.
    if (former !== undefined && now < former.untilMs) return;
    const isForgotten = former === undefined || now - former.untilMs > longestLeftMs;
    const isCheap = error.code === 'E_PARENT_UNREACHABLE' && costMs < cheapMs;
    const firstMs = isCheap ? unreachableLeftMs : timing.siblingLeftMs;
    const pauseMs = isForgotten ? firstMs : Math.min(longestLeftMs, Math.max(firstMs, former.pauseMs * 2));
    this.#left.set(host, { untilMs: now + pauseMs, pauseMs });
    log.warn('relay of this site left', { sibling: url, host, pauseMs, error });
  }

  #sourceOf(asked: Asked, late: AbortSignal, answer: { began: boolean; isMissing: boolean }): ObjectSource {
    const { http } = this.#options;
    const { sibling } = asked;
    const request = async (wanted: HttpRequest): Promise<HttpResponse> => {
      const response = await this.#ask(asked, wanted, late);
      answer.began = response.status < 300;
      answer.isMissing = response.status === 404;
      if (!answer.isMissing) return response;
      response.body.resume();
      // Said of a whole object: of a part that is here already it says nothing.
      throw new XylemError(
        'E_PARENT_REFUSED',
        `${sibling.url} has not ${wanted.url.slice(sibling.url.length)}.`,
      );
    };
    return httpSource({ ...http, request }, sibling.url);
  }

  /** One that has not begun with the object yet says 503, and is asked again for a while. */
  async #ask(
    { sibling, waitMs, turns }: Asked,
    wanted: HttpRequest,
    late: AbortSignal,
  ): Promise<HttpResponse> {
    const { http, clock, timing, identity } = this.#options;
    const { siblingHoldMs, siblingWaitMs } = timing;
    const signal = wanted.signal === undefined ? late : AbortSignal.any([wanted.signal, late]);
    const headers = { ...wanted.headers, prefer: `wait=${Math.ceil(waitMs / 1000)}` };
    const idleTimeoutMs = siblingHoldMs + siblingHoldMs / 3;
    const endMs = clock.monotonicMs() + siblingWaitMs * turns;
    for (;;) {
      const answer = await http
        .request({ ...wanted, headers, signal, idleTimeoutMs })
        .catch((error: unknown) => {
          if (!late.aborted || wanted.signal?.aborted === true) throw error;
          throw new XylemError('E_PARENT_STALE', `${sibling.url} did not give an object in time.`, {
            cause: error,
          });
        });
      const host = hostAt(answer.socket as TLSSocket, identity().caPem);
      // A connection that is over by now names nobody; its other end was a relay in any case.
      const isOther = host !== null && host !== sibling.host;
      if (!isOther && (answer.status !== 503 || clock.monotonicMs() >= endMs)) return answer;
      answer.body.on('error', () => undefined).destroy();
      if (isOther)
        throw new XylemError('E_PARENT_REFUSED', `${sibling.url} is another host than its parent says.`);
      await clock.sleep(askAgainMs, signal);
    }
  }
}
