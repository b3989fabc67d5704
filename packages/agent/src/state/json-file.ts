import { readFile, rename } from 'node:fs/promises';
import { sha256 } from '@xylem/core';
import { type Log, writeFileAtomic } from '@xylem/platform';

/**
 * One document of the state folder: versioned by its `format`, replaced atomically, set aside when it can't be read. It
 * ends with a checksum of all before it, for what a disk gives back may still be JSON, and say something else.
 */
export interface JsonFile<T> {
  /** The content, or null when there is none. A damaged file is moved to `<name>.damaged` and counts as none. */
  read(): Promise<T | null>;
  write(value: T): Promise<void>;
  readonly path: string;
  /** The format that stands there, if it is another than this program's; changes nothing. */
  foreignFormat(): Promise<string | null>;
}

const maxBytes = 64 * 1024 * 1024;

let asides = 0;
/** How many documents this process has set aside: whoever told of them looks again when it rises. */
export const countAsides = (): number => asides;

/**
 * @param format what the document's `format` must say; it is added on writing
 * @param parse turns the parsed JSON into the value, or throws
 */
export function jsonFile<T extends object>(
  path: string,
  format: string,
  parse: (value: Record<string, unknown>) => T,
  log: Log,
): JsonFile<T> {
  return {
    read: async () => {
      let text: Buffer;
      try {
        text = await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
      try {
        if (text.length > maxBytes) throw new Error(`${text.length} bytes`);
        const value = JSON.parse(text.toString('utf8')) as unknown;
        if (typeof value !== 'object' || value === null) throw new Error('not an object');
        const { checksum, ...document } = value as Record<string, unknown>;
        if (checksum !== undefined && checksum !== checksumIn(text)) throw new Error('not as it was written');
        if (document.format !== format) throw new Error(`format ${String(document.format)}, not ${format}`);
        return parse(document);
      } catch (error) {
        log.error('state file damaged, set aside', { path, aside: `${path}.damaged`, cause: error });
        await rename(path, `${path}.damaged`);
        asides += 1;
        return null;
      }
    },
    path,
    foreignFormat: async () => {
      const text = await readFile(path, 'utf8').catch(() => '');
      try {
        const found = (JSON.parse(text) as { format?: unknown } | null)?.format;
        return typeof found === 'string' && found !== format ? found.slice(0, 100) : null;
      } catch {
        return null;
      }
    },
    write: (value) => {
      const text = JSON.stringify({ format, ...value });
      return writeFileAtomic(path, `${text.slice(0, -1)}${ending(text)}`, { mode: 0o600 });
    },
  };
}

const ending = (text: string): string => `,"checksum":"${sha256(text)}"}\n`;

/** Over what stands before it; null where none stands at the end, as a hand or an older version writes it. */
function checksumIn(text: Buffer): string | null {
  const at = text.length - ending('').length;
  if (at <= 0 || text.toString('latin1', at, at + 13) !== ',"checksum":"') return null;
  return sha256(`${text.toString('utf8', 0, at)}}`);
}
