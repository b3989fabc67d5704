import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** Generation to the data key as it was wrapped for this host. */
export type WrappedKeys = Readonly<Record<string, string>>;

/** Generations that a host can return to. */
const mostKept = 16;

/** `identity/data-keys.json`: nothing in it opens without the host's own key. */
export function dataKeysFile(path: string, log: Log): JsonFile<{ keys: WrappedKeys }> {
  return jsonFile(path, 'xylem-data-keys-1', parse, log);
}

function parse({ keys }: Record<string, unknown>): { keys: WrappedKeys } {
  if (typeof keys !== 'object' || keys === null) throw new Error('keys is no object');
  if (!Object.values(keys).every((value) => typeof value === 'string')) throw new Error('a key is no text');
  return { keys: keys as WrappedKeys };
}

/** The newest generations, with this one. Pure. */
export function withKey(keys: WrappedKeys, generation: number, wrapped: string): WrappedKeys {
  const all = Object.entries<string>({ ...keys, [generation]: wrapped });
  return Object.fromEntries(all.sort(([a], [b]) => Number(b) - Number(a)).slice(0, mostKept));
}
