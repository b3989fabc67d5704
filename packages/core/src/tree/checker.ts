import { XylemError } from '../errors.ts';
import { limits } from '../limits.ts';
import { emptyDigest, type TreeEntry, type TreeFile } from './entry.ts';
import { linkFault } from './links.ts';
import { compareTreePaths, foldName, treePathFault } from './path.ts';

interface OpenFolder {
  readonly name: string;
  /** Folded name of each child seen so far, to its name and whether it is a folder that holds something. */
  readonly children: Map<string, { readonly name: string; readonly folder: boolean }>;
}

/**
 * Checks the rules between the entries of one tree as they come, in order. What lies below one folder is adjacent in
 * a sorted tree, so only the folders on the way to the present entry are remembered, and all links.
 */
export class TreeChecker {
  #previous: string | undefined;
  readonly #open: OpenFolder[] = [{ name: '', children: new Map() }];
  readonly #links = new Map<string, string>();

  /** Throws E_TREE_PATH, E_TREE_NAME_CLASH or E_TREE_INVALID. */
  add(entry: TreeEntry): void {
    const { path } = entry;
    const fault = treePathFault(path);
    if (fault !== undefined) {
      throw new XylemError('E_TREE_PATH', `The path ${quote(path)} is not allowed: ${fault}.`, {
        details: { path },
      });
    }
    if (this.#previous !== undefined && compareTreePaths(this.#previous, path) >= 0) {
      refuse(`${quote(path)} must come before ${quote(this.#previous)}, and only once`, path);
    }
    this.#previous = path;
    this.#place(path);
    if (entry.type === 'file') checkFile(entry);
    else if (entry.type === 'link') this.#links.set(path, entry.target);
  }

  /** To be called after the last entry: only now all links are known. Throws E_TREE_LINK. */
  end(): void {
    for (const [path, target] of this.#links) {
      const fault = linkFault(path, target, this.#links);
      if (fault === undefined) continue;
      const details = { path, target };
      throw new XylemError(
        'E_TREE_LINK',
        `The link ${quote(path)} -> ${quote(target)} is not allowed: ${fault}.`,
        { details },
      );
    }
  }

  #place(path: string): void {
    const segments = path.split('/');
    const last = segments.length - 1;
    let depth = 1;
    while (depth <= last && this.#open[depth]?.name === segments[depth - 1]) depth += 1;
    this.#open.length = depth;
    for (; depth <= last; depth += 1) {
      const name = segments[depth - 1] ?? '';
      this.#child(this.#open[depth - 1], name, true, path);
      this.#open.push({ name, children: new Map() });
    }
    this.#child(this.#open[last], segments[last] ?? '', false, path);
  }

  #child(parent: OpenFolder | undefined, name: string, folder: boolean, path: string): void {
    const fold = foldName(name);
    const other = parent?.children.get(fold);
    if (other !== undefined) {
      const reason =
        other.name === name
          ? `${quote(name)} is both a folder and something else`
          : `${distinct(name, other.name)} differ only in case or Unicode form`;
      throw new XylemError('E_TREE_NAME_CLASH', `${quote(path)} is not allowed: ${reason}.`, {
        details: { path },
      });
    }
    parent?.children.set(fold, { name, folder });
  }
}

function checkFile({ path, sizeBytes, digest, chunks }: TreeFile): void {
  if (sizeBytes === 0) {
    if (digest !== emptyDigest || chunks.length > 0)
      refuse(`${quote(path)} is empty, but its digest is not`, path);
    return;
  }
  let total = 0;
  for (const [, size] of chunks) {
    if (size < 1 || size > limits.chunkMax) refuse(`${quote(path)} has a chunk of ${size} bytes`, path);
    total += size;
  }
  if (total !== sizeBytes)
    refuse(`the chunks of ${quote(path)} have ${total} bytes, the file ${sizeBytes}`, path);
}

function refuse(reason: string, path: string): never {
  throw new XylemError('E_TREE_INVALID', `The tree is not valid: ${reason}.`, { details: { path } });
}

/** Two names, by their code points where they look the same. */
function distinct(one: string, other: string): string {
  const both = [one, other].map(quote);
  if (one.normalize() !== other.normalize()) return both.join(' and ');
  const codes = (text: string): string =>
    text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return both.map(codes).join(' and ');
}

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
