import type { Digest, TreeEntry, TreeFile } from '@xylem/core';

/** Finds the old file that a new one is best made from. */
export class Bases {
  readonly #byPath = new Map<string, TreeFile>();
  readonly #byName = new Map<string, TreeFile>();
  readonly #byContent = new Map<Digest, TreeFile>();
  readonly #byChunk = new Map<Digest, TreeFile>();

  constructor(old: readonly TreeEntry[]) {
    for (const entry of old) {
      if (entry.type !== 'file' || entry.sizeBytes === 0) continue;
      this.#byPath.set(entry.path, entry);
      this.#byName.set(normalised(entry.path), entry);
      if (!this.#byContent.has(entry.digest)) this.#byContent.set(entry.digest, entry);
      for (const [digest] of entry.chunks) if (!this.#byChunk.has(digest)) this.#byChunk.set(digest, entry);
    }
  }

  /** An old file of the same content. */
  same({ digest }: TreeFile): TreeFile | undefined {
    return this.#byContent.get(digest);
  }

  /** By path, by the path without its numbers and digests, by the chunks that both have; else null. */
  of(file: TreeFile): TreeFile | null {
    return (
      this.#byPath.get(file.path) ?? this.#byName.get(normalised(file.path)) ?? this.#sharing(file) ?? null
    );
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
}

/** `lib/libfoo.so.1.2.3` and `static/chunks/4bd1b696-f785427dddbba9fb.js` as those of another version. */
const normalised = (path: string): string => path.replaceAll(/(?<![a-z])[0-9a-f]{6,}(?![a-z])|[0-9]+/gi, '#');
