import { XylemError } from '@xylem/core';
import { casync } from './casync.ts';
import { bsdiff, xdelta3, zstdFull, zstdPatch } from './deltas.ts';
import type { Method } from './method.ts';
import { ostreeDelta, ostreeDeltaWhole, ostreeObjects } from './ostree.ts';
import { rsync } from './rsync.ts';
import { xylemChunks, xylemPatch, xylemPublish } from './xylem.ts';
import { zsync } from './zsync.ts';

/** All methods, as they stand in the table. A further one is a line here. */
export const methods: readonly Method[] = [
  zstdFull,
  casync,
  rsync,
  zsync,
  ostreeObjects,
  ostreeDelta,
  ostreeDeltaWhole,
  xdelta3,
  zstdPatch,
  bsdiff,
  xylemPublish,
  xylemChunks,
  xylemPatch,
];

/** A name as it is written on a command line: without blanks. Pure. */
const wordOf = (name: string): string => name.replaceAll(' ', '-');

export const methodWords: readonly string[] = methods.map(({ name }) => wordOf(name));

/**
 * What to run on a pair: what `wanted` names, in the order of the table; if it is not given, all but those that take
 * many minutes on a large pair. Pure.
 * @param wanted names with commas between them; a blank may be a hyphen
 * @throws XylemError E_INPUT for a name that is none
 */
export function chooseMethods(wanted: string | undefined, isLarge: boolean): readonly Method[] {
  if (wanted === undefined) return methods.filter(({ isSlow }) => isSlow !== true || !isLarge);
  const names = new Set(wanted.split(',').map((name) => wordOf(name.trim())));
  for (const name of names) {
    if (!methodWords.includes(name))
      throw new XylemError('E_INPUT', `There is no method "${name}"; there are: ${methodWords.join(', ')}.`);
  }
  return methods.filter(({ name }) => names.has(wordOf(name)));
}
