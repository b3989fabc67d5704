import type { Digest, TreeEntry, TreeFile } from '@xylem/core';
import { Renames } from './renames.ts';

/** Finds the old file that a new one is best made from. */
export class Bases {
  readonly #byPath = new Map<string, TreeFile>();
  /** By the path without its numbers and digests: many may be the same then. */
  readonly #byName = new Map<string, TreeFile[]>();
  readonly #byContent = new Map<Digest, TreeFile>();
  readonly #byChunk = new Map<Digest, TreeFile>();
  /** Files by their own names, without folders. */
  readonly #byLastName = new Map<string, TreeFile[]>();
  readonly #renames: Renames;

  constructor(old: readonly TreeEntry[], next: readonly TreeEntry[]) {
    for (const entry of old) {
      if (entry.type !== 'file' || entry.sizeBytes === 0) continue;
      this.#byPath.set(entry.path, entry);
      add(this.#byName, normalised(entry.path), entry);
      if (!this.#byContent.has(entry.digest)) this.#byContent.set(entry.digest, entry);
      for (const [digest] of entry.chunks) if (!this.#byChunk.has(digest)) this.#byChunk.set(digest, entry);
      add(this.#byLastName, lastName(entry.path), entry);
    }
    for (const all of [this.#byName, this.#byLastName])
      for (const files of all.values()) files.sort((a, b) => a.sizeBytes - b.sizeBytes);
    this.#renames = new Renames(old, next);
  }

  /** An old file of the same content. */
  same({ digest }: TreeFile): TreeFile | undefined {
    return this.#byContent.get(digest);
  }

  /**
   * By path, by the path without its numbers and digests, by where its folder was before, by the chunks that both have,
   * by its own name in another folder; else null.
   */
  of(file: TreeFile): TreeFile | null {
    return (
      this.#byPath.get(file.path) ??
      this.#named(file.path, file) ??
      this.#renamed(file) ??
      this.#sharing(file) ??
      this.#alike(file) ??
      null
    );
  }

  #renamed(file: TreeFile): TreeFile | undefined {
    for (const path of this.#renames.of(file)) {
      const found = this.#byPath.get(path) ?? this.#named(path, file);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The old file with the most bytes in chunks of the new one. */
  #sharing({ chunks }: TreeFile): TreeFile | undefined {
    const shared = new Map<TreeFile, number>();
    for (const [digest, sizeBytes] of chunks) {
      const file = this.#byChunk.get(digest);
      if (file !== undefined) shared.set(file, (shared.get(file) ?? 0) + sizeBytes);
    }
    return [...shared].sort(([, a], [, b]) => b - a)[0]?.[0];
  }

  #named(path: string, file: TreeFile): TreeFile | undefined {
    return nearest(this.#byName.get(normalised(path)) ?? [], file);
  }

  /** Of its own name in whatever folder, where it is about as long. */
  #alike(file: TreeFile): TreeFile | undefined {
    const best = nearest(this.#byLastName.get(lastName(file.path)) ?? [], file);
    if (best === undefined) return undefined;
    return off(best, file) <= Math.max(best.sizeBytes, file.sizeBytes) / 2 ? best : undefined;
  }
}

function add(all: Map<string, TreeFile[]>, key: string, file: TreeFile): void {
  const others = all.get(key);
  if (others === undefined) all.set(key, [file]);
  else others.push(file);
}

const off = (a: TreeFile, b: TreeFile): number => Math.abs(a.sizeBytes - b.sizeBytes);

/** The one whose length is nearest. @param files by their lengths: there may be as many of a name as files at all */
function nearest(files: readonly TreeFile[], to: TreeFile): TreeFile | undefined {
  let [from, end] = [0, files.length];
  while (from < end) {
    const middle = (from + end) >> 1;
    if ((files[middle]?.sizeBytes ?? 0) < to.sizeBytes) from = middle + 1;
    else end = middle;
  }
  const [shorter, longer] = [files[from - 1], files[from]];
  if (shorter === undefined || longer === undefined) return shorter ?? longer;
  return off(shorter, to) < off(longer, to) ? shorter : longer;
}

const lastName = (path: string): string => normalised(path.slice(path.lastIndexOf('/') + 1));

/**
 * `lib/libfoo.so.1.2.3` and `static/chunks/4bd1b696-f785427dddbba9fb.js` as those of another version, whatever the
 * number of parts of that.
 */
const normalised = (path: string): string =>
  path.replaceAll(/(?<![a-z])[0-9a-f]{6,}(?![a-z])|[0-9]+/gi, '#').replaceAll(/#(?:\.#)+/g, '#');
