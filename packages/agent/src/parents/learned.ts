import type { Parents as Surroundings } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** Nodes that a parent named, beside those that the operator did. */
export interface Learned {
  readonly siblings: readonly string[];
  /** Nearest first. */
  readonly above: readonly string[];
}

export const nothingLearned: Learned = { siblings: [], above: [] };

const mostLearned = 64;

/** What is known after `from` has said this; it is itself one of those that may be turned to. Pure. */
export function afterLearning(before: Learned, from: string, said: Surroundings): Learned {
  const isHigher = before.above.includes(from);
  const [siblings, above] = [said.siblings.map(trimmed), said.above.map(trimmed)];
  const higher = new Set(isHigher ? [from, ...above] : above);
  const beside = new Set(isHigher ? siblings : [from, ...siblings]);
  return {
    siblings: [...beside].filter((url) => !higher.has(url)).slice(0, mostLearned),
    above: [...higher].slice(0, mostLearned),
  };
}

export function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}

/** What was learned, for a start while the parents that the operator named are dead. */
export function learnedFile(path: string, log: Log): JsonFile<Learned> {
  return jsonFile(path, 'xylem-learned-parents-1', parse, log);
}

function parse({ siblings, above }: Record<string, unknown>): Learned {
  const isList = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((one) => typeof one === 'string' && URL.canParse(one));
  if (!isList(siblings) || !isList(above)) throw new Error('a list is missing');
  return { siblings, above };
}

/** Writes what was learned where it differs from what stands there, one after the other. */
export function keepingLearned(file: JsonFile<Learned>, log: Log): (learned: Learned) => void {
  let written = '';
  let last: Promise<void> = Promise.resolve();
  return (learned) => {
    const sorted = { siblings: learned.siblings.toSorted(), above: learned.above };
    const text = JSON.stringify(sorted);
    if (text === written) return;
    written = text;
    last = last
      .then(() => file.write(sorted))
      .catch((cause: unknown) => {
        written = '';
        log.warn('parents that were learned are not kept', { cause });
      });
  };
}
