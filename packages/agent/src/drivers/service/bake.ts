import { readFileSync } from 'node:fs';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../../state/json-file.ts';
import { bootId } from '../../state/process-identity.ts';

/** What stays running after a switch, for a return. */
export interface WarmRecord {
  readonly service: string;
  /** Of its `ServiceSpec`. */
  readonly fingerprint: string;
  readonly bakeMs: number;
  readonly since: Moment;
}

/** A moment by both clocks: the wall clock may leap, and the other begins anew with each boot. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly wallMs: number;
  readonly boot: string;
  /** Since that boot. */
  readonly uptimeMs: number;
}

/**
 * How long a bake still takes; 0 or less when it has ended. Within one boot a leap of the wall clock changes nothing;
 * after another boot, what the wall clock says counts, and a clock that went back ends it: ending early only makes a
 * return slower, and never ending would keep two versions for ever. Pure.
 */
export function bakeLeftMs({ bakeMs, since }: WarmRecord, now: Moment): number {
  if (since.boot === now.boot) return bakeMs - (now.uptimeMs - since.uptimeMs);
  const passedMs = now.wallMs - since.wallMs;
  return passedMs < 0 ? 0 : bakeMs - Math.max(passedMs, now.uptimeMs);
}

export function momentNow(wallMs: number): Moment {
  return { wallMs, boot: bootId(), uptimeMs: uptimeMs() };
}

function uptimeMs(): number {
  try {
    return Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000);
  } catch {
    return 0;
  }
}

export function warmFile(path: string, log: Log): JsonFile<WarmRecord> {
  return jsonFile(path, 'xylem-warm-1', parseWarm, log);
}

function parseWarm(value: Record<string, unknown>): WarmRecord {
  const { service, fingerprint, bakeMs, since } = value;
  const { wallMs, boot, uptimeMs: up } = (since ?? {}) as Record<string, unknown>;
  if (typeof service !== 'string' || typeof fingerprint !== 'string') throw new Error('warm without service');
  if (typeof boot !== 'string') throw new Error('warm without boot');
  const numbers = { bakeMs: Number(bakeMs), wallMs: Number(wallMs), uptimeMs: Number(up) };
  if (Object.values(numbers).some((number) => !Number.isFinite(number)))
    throw new Error('warm without times');
  return {
    service,
    fingerprint,
    bakeMs: numbers.bakeMs,
    since: { boot, wallMs: numbers.wallMs, uptimeMs: numbers.uptimeMs },
  };
}
