import type { Digest, TreeEntry, TreeFile } from '@xylem/core';

/** Of a path the parts before and behind where two paths have the same end. */
interface Moved {
  readonly before: string;
  readonly now: string;
}

/**
 * Which folder was which before, by files that lie elsewhere with the same content: most of what a renamed folder holds
 * stays as it is, and says where to look for what does not.
 */
export class Renames {
  /** For each folder of the new tree (empty: its top) the old one that most of its files came from. */
  readonly #was = new Map<string, string>();

  /** Contents that several old files have say nothing of where one came from. */
  constructor(old: readonly TreeEntry[], next: readonly TreeEntry[]) {
    const places = new Map<Digest, string | null>();
    for (const entry of old)
      if (entry.type === 'file' && entry.sizeBytes > 0)
        places.set(entry.digest, places.has(entry.digest) ? null : entry.path);
    const votes = new Map<string, Map<string, number>>();
    for (const entry of next) {
      const was = entry.type === 'file' ? places.get(entry.digest) : undefined;
      if (was == null || was === entry.path) continue;
      const { before, now } = movedBy(was, entry.path);
      const counted = votes.get(now) ?? new Map<string, number>();
      votes.set(now, counted.set(before, (counted.get(before) ?? 0) + 1));
    }
    for (const [now, counted] of votes) {
      const [most] = [...counted].sort(([, a], [, b]) => b - a);
      if (most !== undefined) this.#was.set(now, most[0]);
    }
  }

  /** Where the file would lie in the old tree, the innermost folder that was renamed first. */
  *of({ path }: Pick<TreeFile, 'path'>): Generator<string, undefined> {
    const parts = path.split('/');
    for (let kept = parts.length - 1; kept >= 0; kept -= 1) {
      const before = this.#was.get(parts.slice(0, kept).join('/'));
      if (before !== undefined) yield [before, ...parts.slice(kept)].filter((part) => part !== '').join('/');
    }
  }
}

/** The folders in which a file lay and lies, without what is the same at their ends. */
function movedBy(was: string, now: string): Moved {
  const [old, next] = [was.split('/'), now.split('/')];
  let same = 0;
  while (same < Math.min(old.length, next.length) - 1 && old.at(-1 - same) === next.at(-1 - same)) same += 1;
  // The file itself was renamed: its folder counts.
  const kept = Math.max(1, same);
  return { before: old.slice(0, -kept).join('/'), now: next.slice(0, -kept).join('/') };
}
