/** What a relay that lies does with one file. */
export type How =
  /** One bit in the middle. */
  | 'flip'
  /** The first half, as if it were all. */
  | 'short'
  /** The first half of the length that was announced, then the end of the connection. */
  | 'cut'
  /** The whole of a former version of the same thing. */
  | 'former'
  /** What it was when the lie began. */
  | 'frozen'
  /** The very first version. */
  | 'first'
  /** The same path of another environment. */
  | 'foreign'
  /** A byte now and then. */
  | 'trickle'
  /** What is right, at 400 bytes a second, with the word that it is held up on purpose. */
  | 'paced'
  /** Never an end. */
  | 'endless'
  /** An announcement of what there is not. */
  | 'invented';

export interface Lie {
  /** Source of a pattern of paths, without the leading slash. */
  readonly match: string;
  readonly how: How;
}

/** Two versions of one thing have the same kind: `r/<id>/metadata/12.snapshot.json` is one of `r/<id>/metadata/snapshot.json`. */
function kindOf(path: string): string {
  return path
    .replace(/\/metadata\/\d+\./, '/metadata/')
    .replace(/\/targets\/(.*\/)?[0-9a-f]{64}\./, '/targets/$1')
    .replace(/^(o\/[^/]+)\/[0-9a-f]{64}$/, '$1/object')
    .replace(/^(o\/[^/]+\/offers)\/[0-9a-f]{64}$/, '$1/offer');
}

export function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.length >> 1;
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** What a relay has seen go by. */
export class Memory {
  readonly #versions = new Map<string, Map<string, Buffer>>();

  keep(path: string, bytes: Buffer): void {
    const kind = kindOf(path);
    const versions = this.#versions.get(kind) ?? new Map<string, Buffer>();
    // `timestamp.json` has no version in its name.
    versions.set(path === kind ? `${path}#${bytes.toString('latin1')}` : path, bytes);
    this.#versions.set(kind, versions);
  }

  /** All of the kind, the oldest first. */
  all(path: string): Buffer[] {
    return [...(this.#versions.get(kindOf(path))?.values() ?? [])];
  }

  /** The newest that is not `bytes`. */
  former(path: string, bytes: Buffer): Buffer | null {
    return this.all(path).findLast((other) => !other.equals(bytes)) ?? null;
  }
}
