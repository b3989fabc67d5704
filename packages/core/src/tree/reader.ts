import { XylemError } from '../errors.ts';
import { limits } from '../limits.ts';
import { checkFormat } from '../wire/document.ts';
import { TreeChecker } from './checker.ts';
import { type TreeEntry, treeFormat } from './entry.ts';
import { parseTreeLine } from './line.ts';

/** Reads a tree piece by piece with the memory of its widest folders, links and longest line. */
export class TreeReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #checker = new TreeChecker();
  /** Pieces of the line that has not ended yet. */
  #pending: string[] = [];
  #bytes = 0;
  #lines = 0;

  /** The entries whose lines end in these bytes. Throws a coded error; the reader is of no use after that. */
  push(bytes: Uint8Array): TreeEntry[] {
    this.#bytes += bytes.length;
    if (this.#bytes > limits.tree) {
      throw new XylemError('E_TOO_LARGE', `The tree has more than ${limits.tree} bytes; no more are read.`);
    }
    const lines = this.#decode(bytes).split('\n');
    const rest = lines.pop() ?? '';
    const entries: TreeEntry[] = [];
    for (const line of lines) {
      const whole = this.#pending.length === 0 ? line : this.#pending.join('') + line;
      this.#pending = [];
      this.#lines += 1;
      if (this.#lines === 1) checkHeader(whole);
      else entries.push(this.#entry(whole));
    }
    if (rest !== '') this.#pending.push(rest);
    return entries;
  }

  /** To be called after the last piece. Throws where the text ends early or a link leaves the tree. */
  end(): void {
    if (this.#lines === 0 || this.#pending.length > 0) {
      throw new XylemError('E_TREE_INVALID', 'The tree ends in the middle of a line.');
    }
    this.#checker.end();
  }

  #entry(line: string): TreeEntry {
    const entry = parseTreeLine(line, this.#lines);
    this.#checker.add(entry);
    return entry;
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw new XylemError('E_TREE_INVALID', 'The tree is not UTF-8.', { cause });
    }
  }
}

function checkHeader(line: string): void {
  let value: unknown;
  try {
    value = line.length < 1024 ? JSON.parse(line) : undefined;
  } catch {
    value = undefined;
  }
  checkFormat(value, treeFormat, 'tree', 'E_TREE_INVALID');
}

/** A whole tree at once. */
export function parseTree(text: Uint8Array): TreeEntry[] {
  const reader = new TreeReader();
  const entries = reader.push(text);
  reader.end();
  return entries;
}
