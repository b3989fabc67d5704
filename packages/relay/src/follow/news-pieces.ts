import { type Digest, type NewsFile, sha256 } from '@xylem/core';

/** What a parent's news file brought, to be looked at before anything is asked for by itself. Nothing in it is believed. */
export class NewsPieces {
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #absent: ReadonlySet<string>;
  readonly #objects: ReadonlyMap<string, Buffer>;
  /** Whether there was a news file. */
  readonly isSaid: boolean;

  constructor(news: NewsFile | null) {
    this.isSaid = news !== null;
    this.#files = new Map(
      Object.entries(news?.files ?? {}).map(([path, text]) => [path.replace(/^\//, ''), Buffer.from(text)]),
    );
    this.#absent = new Set((news?.absent ?? []).map((path) => path.replace(/^\//, '')));
    this.#objects = new Map([...this.#files].filter(([path]) => path.startsWith('o/')));
  }

  /** Bytes, null for "the writer has no such file", undefined for "not said". */
  file(path: string): Buffer | null | undefined {
    return this.#files.get(path) ?? (this.#absent.has(path) ? null : undefined);
  }

  /** An object, checked by its digest. */
  object(domain: string, digest: Digest): Buffer | undefined {
    const bytes = this.#objects.get(`o/${domain}/${digest}`);
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
  }
}

export const noPieces = new NewsPieces(null);
