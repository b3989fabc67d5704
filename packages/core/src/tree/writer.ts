import { TreeChecker } from './checker.ts';
import { type TreeEntry, treeHeader } from './entry.ts';
import { treeLine } from './line.ts';

const encoder = new TextEncoder();

/** A tree's text, line by line with line ends, from entries in order. Throws what the `TreeChecker` throws. */
function* treeLines(entries: Iterable<TreeEntry>): Generator<string, undefined> {
  const checker = new TreeChecker();
  yield `${treeHeader}\n`;
  for (const entry of entries) {
    checker.add(entry);
    yield `${treeLine(entry)}\n`;
  }
  checker.end();
  return undefined;
}

/** A tree's text; its SHA-256 is the tree's digest. */
export function encodeTree(entries: Iterable<TreeEntry>): Uint8Array {
  return encoder.encode([...treeLines(entries)].join(''));
}
