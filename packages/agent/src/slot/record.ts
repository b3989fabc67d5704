import { isDigest, parsePackage } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { stepsOfKind } from '../converge/points.ts';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { Placed, Refusal } from './placed.ts';

/** What the host remembers of a component: what was committed, what it can return to, what it will not take. */
export interface SlotRecord {
  readonly installed: Placed | null;
  /** RFC 3339: when it was committed. */
  readonly since: string;
  /** The newest first, at most `keepPrevious`. */
  readonly previous: readonly Placed[];
  readonly refused: Refusal | null;
}

export function slotFile(path: string, log: Log): JsonFile<SlotRecord> {
  return jsonFile(path, 'xylem-slot-1', parseSlotRecord, log);
}

function parseSlotRecord(value: Record<string, unknown>): SlotRecord {
  const { installed, since, previous, refused } = value;
  if (!Array.isArray(previous)) throw new Error('previous is not a list');
  return {
    installed: installed === null ? null : parsePlaced(installed),
    since: String(since),
    previous: previous.map(parsePlaced),
    refused: (refused ?? null) as Refusal | null,
  };
}

/** @throws what is wrong with it */
export function parsePlaced(value: unknown): Placed {
  const placed = (value ?? {}) as Placed;
  const document = parsePackage(placed.document);
  if (!isDigest(placed.tree) || !isDigest(placed.package))
    throw new Error('a placed package without digests');
  if (!Object.hasOwn(stepsOfKind, placed.kind)) throw new Error(`unknown kind ${placed.kind}`);
  if (placed.component !== document.component || !Array.isArray(placed.after))
    throw new Error('inconsistent');
  return { ...placed, document };
}
