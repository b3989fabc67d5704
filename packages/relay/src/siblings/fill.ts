import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, type DomainId, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { partialFile, type Repository } from '@xylem/store';
import type { Flights } from '../follow/flights.ts';
import type { RelayTiming } from '../options.ts';
import { sendFault, sendMissing } from '../serve/answer.ts';
import type { UnderWay } from './under-way.ts';

export interface FillOptions {
  readonly repository: Repository;
  readonly flights: Pick<Flights, 'isBusy' | 'oneEnded'>;
  readonly underWay: UnderWay;
  readonly clock: Clock;
  readonly timing: RelayTiming;
}

const lookEveryMs = 500;
const growsEveryMs = 50;
const pieceBytes = 256 * 1024;

/** How long a relay of the same site waits for an object that is not here yet, by its request; null: it does not. */
export function waitOf(prefer: string | string[] | undefined): number | null {
  const [, seconds] = /^wait=(\d{1,3})$/.exec(String(prefer)) ?? [];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/**
 * Answers a relay of the same site with an object that is just being fetched, as it comes, unverified; or with 503 when
 * it should ask again. @returns false where the object lies here by now, or will not come
 */
export async function fill(
  options: FillOptions,
  { domain, digest, waitMs }: { domain: DomainId; digest: Digest; waitMs: number },
  response: ServerResponse,
): Promise<boolean> {
  const { repository, flights, underWay, clock, timing } = options;
  const began = clock.monotonicMs();
  while (!response.destroyed) {
    if (await repository.hasObject(domain, digest)) return false;
    // Who does not wait is waited for itself: nothing that may come from there goes back.
    if (waitMs === 0) break;
    const flight = underWay.get(digest);
    if (flight !== undefined && (await sendGrowing(options, digest, flight, response))) return true;
    const isBusy = flights.isBusy(domain);
    const mostMs = Math.min(waitMs, isBusy ? timing.siblingHoldMs : timing.siblingIdleMs);
    const leftMs = began + mostMs - clock.monotonicMs();
    if (leftMs <= 0) {
      if (isBusy) sendFault(response, 503, 'E_BUSY', 'This relay has not come to that object yet.');
      return isBusy;
    }
    const stop = new AbortController();
    await Promise.race([
      underWay.oneBegins(),
      ...(isBusy ? [flights.oneEnded(domain)] : []),
      clock
        .sleep(Math.min(leftMs, flight === undefined ? lookEveryMs : growsEveryMs), stop.signal)
        .catch(() => undefined),
    ]);
    stop.abort();
  }
  sendMissing(response);
  return true;
}

/** @returns false where not even a byte has come yet */
async function sendGrowing(
  { repository, clock }: FillOptions,
  digest: Digest,
  flight: Promise<boolean>,
  response: ServerResponse,
): Promise<boolean> {
  const file = await open(partialFile(repository, digest), 'r').catch(() => null);
  if (file === null) return false;
  try {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    await pipeline(Readable.from(growing(file, flight, clock), { objectMode: false }), response);
  } catch {
    // Whoever asked goes on elsewhere from where the answer broke off.
    response.destroy();
  } finally {
    await file.close();
  }
  return true;
}

/** @throws XylemError E_INTERRUPTED when the object does not come whole, or is begun anew */
async function* growing(
  file: FileHandle,
  flight: Promise<boolean>,
  clock: Clock,
): AsyncGenerator<Uint8Array, undefined> {
  const state: { isWhole: boolean | null } = { isWhole: null };
  void flight.then((isWhole) => {
    state.isWhole = isWhole;
  });
  for (let at = 0; ; ) {
    const { isWhole } = state;
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, at);
    at += bytesRead;
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
    else if (isWhole === true) return undefined;
    else if (isWhole === false || (await file.stat()).size < at)
      throw new XylemError('E_INTERRUPTED', 'The object did not come whole.');
    else {
      const stop = new AbortController();
      await Promise.race([flight, clock.sleep(growsEveryMs, stop.signal).catch(() => undefined)]);
      stop.abort();
    }
  }
}
