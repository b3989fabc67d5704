import { Readable } from 'node:stream';
import { XylemError } from '@xylem/core';
import { type HttpClient, type HttpRequest, silentLog } from '@xylem/platform';
import { type TestClock, testClock } from '@xylem/testkit';
import type { Identity } from '@xylem/trust';
import { followDirection } from '../direction/follow.ts';
import type { Refresher } from '../direction/refresh.ts';
import { type Parents, parentsOf } from '../parents/parents.ts';
import { defaultTiming } from '../run/timing.ts';

const environment = { id: 'e'.repeat(32), name: 'acme/production' };
const hourMs = 3_600_000;
const nothing = async (): Promise<void> => undefined;

/** What a parent has, and how it answers. */
interface ParentState {
  readonly snapshot: number;
  readonly timestamp: number;
  readonly signedMs: number;
  /** `refuses` and resets connections; `silent`: drops packets; `withholds`: it has nothing of this environment. */
  readonly how: 'answers' | 'refuses' | 'silent' | 'withholds';
  readonly isFull: boolean;
}

interface Asked {
  readonly atMs: number;
  readonly parent: string;
  readonly path: string;
}

/** A host that follows direction below two parents, with the times of this program, by a clock of the test's own. */
export interface BelowTwo {
  readonly clock: TestClock;
  readonly parents: Parents;
  readonly first: string;
  readonly second: string;
  /** Follows direction until the signal. */
  follow(signal: AbortSignal): Promise<void>;
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Lets time pass until the host has this parent. @returns how long that took; more than `mostMs`: it did not */
  until(parent: string, mostMs: number): Promise<number>;
  /** From now on this parent is so; what it holds is answered, or breaks off. */
  is(parent: string, state: Partial<ParentState>): void;
  /** The requests since, to one parent. */
  since(atMs: number, parent: string): readonly Asked[];
}

export interface BelowTwoOptions {
  /** By which all that is drawn is drawn. Default 0.999: the longest pauses. */
  readonly fraction?: number;
  /** The second is not named by the operator: a parent said that it is a higher node. */
  readonly isHigher?: boolean;
}

export function belowTwo({ fraction = 0.999, isHigher = false }: BelowTwoOptions = {}): BelowTwo {
  const [first, second] = ['https://first', 'https://second'] as const;
  const clock = testClock();
  const randomness = { fraction: () => fraction, bytes: (size: number) => Buffer.alloc(size, 1) };
  const asked: Asked[] = [];
  const told = new Set<() => void>();
  const good: ParentState = {
    snapshot: 1,
    timestamp: 1,
    signedMs: clock.now(),
    how: 'answers',
    isFull: false,
  };
  const states = new Map<string, ParentState>([
    [first, good],
    [second, good],
  ]);
  const stateOf = (parent: string): ParentState => states.get(parent) ?? good;
  /** What this host has taken. */
  let accepted: Pick<ParentState, 'snapshot' | 'timestamp' | 'signedMs'> = good;

  const unreachable = (parent: string): XylemError =>
    new XylemError('E_PARENT_UNREACHABLE', `${parent} does not answer.`, { retry: 'elsewhere' });
  /** As the client does: no byte for so long ends the request. */
  const orNothing = async (parent: string, waitsMs: number, signal: AbortSignal | undefined) => {
    if (stateOf(parent).how === 'silent') await clock.sleep(waitsMs, signal);
    if (['silent', 'refuses'].includes(stateOf(parent).how)) throw unreachable(parent);
  };
  const held = async (signal: AbortSignal | undefined): Promise<void> => {
    const over = new AbortController();
    const wake = (): void => over.abort();
    told.add(wake);
    const ends = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    await clock.sleep(50_000, ends).catch(() => undefined);
    told.delete(wake);
    signal?.throwIfAborted();
  };
  const newsOf = async (parent: string, { searchParams }: URL, asks: HttpRequest): Promise<object> => {
    const idleMs = asks.idleTimeoutMs ?? 20_000;
    const beganMs = clock.monotonicMs();
    await orNothing(parent, idleMs, asks.signal);
    const isKnown = stateOf(parent).isFull === (searchParams.get('full') === '1');
    if (isKnown && !searchParams.get('since')?.endsWith('.0')) await held(asks.signal);
    await orNothing(parent, idleMs - (clock.monotonicMs() - beganMs), asks.signal);
    return { format: 'xylem-news-1', changed: [], ...(stateOf(parent).isFull ? { fullForMs: 1 } : {}) };
  };
  const answer = async (asks: HttpRequest): Promise<object | null> => {
    const at = new URL(asks.url);
    const parent = at.origin;
    asked.push({ atMs: clock.monotonicMs(), parent, path: at.pathname });
    if (at.pathname === '/news') return await newsOf(parent, at, asks);
    await orNothing(parent, asks.idleTimeoutMs ?? 20_000, asks.signal);
    const { timestamp, snapshot, how } = stateOf(parent);
    if (!at.pathname.endsWith('/timestamp.json') || how === 'withholds') return null;
    return { signed: { version: timestamp, meta: { 'snapshot.json': { version: snapshot } } } };
  };
  const request = async (asks: HttpRequest) => {
    const found = await answer(asks);
    const body = Readable.from([Buffer.from(JSON.stringify(found))]);
    return { status: found === null ? 404 : 200, headers: {}, body };
  };
  const http = { request } as unknown as HttpClient;
  const refresher = {
    accepted: () => null,
    snapshot: () => accepted.snapshot,
    timestamp: () => accepted.timestamp,
    timestampSignedMs: () => accepted.signedMs,
    incomplete: () => null,
    settled: () => true,
    through: async ({ name }) => {
      const its = stateOf(name);
      if (its.timestamp > accepted.timestamp) accepted = its;
    },
  } as Partial<Refresher> as Refresher;
  const options = { http, clock, randomness, log: silentLog };
  const parents = parentsOf({
    ...options,
    wanted: () => (isHigher ? [first] : [first, second]),
    returnToFirstMs: defaultTiming.returnToFirstMs,
    ...(isHigher
      ? { remembered: { learned: { siblings: [], above: [second] }, keep: () => undefined } }
      : {}),
  });
  const pass = async (ms: number, stepMs = 250): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      // Answers are streams: they take turns of the event loop that no clock knows of.
      for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    clock,
    parents,
    first,
    second,
    pass,
    until: async (parent, mostMs) => {
      const beganMs = clock.monotonicMs();
      while (parents.current()?.url !== parent && clock.monotonicMs() - beganMs <= mostMs) await pass(250);
      return clock.monotonicMs() - beganMs;
    },
    is: (parent, state) => {
      states.set(parent, { ...stateOf(parent), ...state });
      if (state.how === 'silent') return;
      for (const wake of told) wake();
    },
    since: (atMs, parent) => asked.filter((one) => one.atMs > atMs && one.parent === parent),
    follow: (signal) =>
      followDirection({
        ...options,
        parents,
        signal,
        refresher,
        identity: { environment } as Identity,
        timing: defaultTiming,
        onFault: () => undefined,
        onBehind: () => undefined,
        onFull: () => undefined,
        untilSaid: nothing,
      }),
  };
}

/** So many hours and minutes in milliseconds. */
export const hours = (whole: number, minutes = 0): number => whole * hourMs + minutes * 60_000;
