import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { StateLayout } from '../state/layout.ts';

/** When this host began to change something; kept where direction binds the moment (docs/spec/windows.md). */
export interface ChangeRecord {
  /** False until a new host has once come to what direction gives it: it is set up at any moment. */
  readonly settled: boolean;
  /** Milliseconds since 1970. */
  readonly begun: readonly { readonly component: string; readonly atMs: number }[];
}

export function changesFile(layout: StateLayout, log: Log): JsonFile<ChangeRecord> {
  return jsonFile(layout.changes, 'xylem-changes-1', parseChanges, log);
}

function parseChanges({ settled, begun }: Record<string, unknown>): ChangeRecord {
  if (typeof settled !== 'boolean' || !Array.isArray(begun)) throw new Error('incomplete');
  const changes = (begun as Record<string, unknown>[]).map(({ component, atMs }) => {
    if (typeof component !== 'string' || typeof atMs !== 'number') throw new Error('a change without a time');
    return { component, atMs };
  });
  return { settled, begun: changes };
}

/**
 * The record after one more change. What says it began later than now was written by a clock that was set back since:
 * it counts from now, so that it ends to count some day. Pure.
 */
export function withChange(
  { settled, begun }: ChangeRecord,
  component: string,
  nowMs: number,
  withinMs: number,
): ChangeRecord {
  const still = begunWithin(begun, nowMs, withinMs);
  return { settled, begun: [...still, { component, atMs: nowMs }].slice(-mostChanges) };
}

const mostChanges = 10_000;

/** Pure. */
export function begunWithin(
  begun: ChangeRecord['begun'],
  nowMs: number,
  withinMs: number,
): ChangeRecord['begun'] {
  return begun
    .map(({ component, atMs }) => ({ component, atMs: Math.min(atMs, nowMs) }))
    .filter(({ atMs }) => nowMs - atMs < withinMs);
}
