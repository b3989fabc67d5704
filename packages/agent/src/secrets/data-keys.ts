import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** Generation to the data key as it was wrapped for this host. */
export type WrappedKeys = Readonly<Record<string, string>>;

/** Of one environment: in another the same generation is another key. */
interface KeptKeys {
  readonly environment: string;
  readonly keys: WrappedKeys;
}

/** Generations that a host can return to. */
const mostKept = 16;

/** `identity/data-keys.json`: nothing in it opens without the host's own key. */
export function dataKeysFile(path: string, log: Log): JsonFile<KeptKeys> {
  return jsonFile(path, 'xylem-data-keys-1', parse, log);
}

function parse({ environment, keys }: Record<string, unknown>): KeptKeys {
  if (typeof environment !== 'string') throw new Error('environment is no text');
  if (typeof keys !== 'object' || keys === null) throw new Error('keys is no object');
  if (!Object.values(keys).every((value) => typeof value === 'string')) throw new Error('a key is no text');
  return { environment, keys: keys as WrappedKeys };
}

/** The newest generations, with this one. Pure. */
export function withKey(keys: WrappedKeys, generation: number, wrapped: string): WrappedKeys {
  const all = Object.entries<string>({ ...keys, [generation]: wrapped });
  return Object.fromEntries(all.sort(([a], [b]) => Number(b) - Number(a)).slice(0, mostKept));
}
