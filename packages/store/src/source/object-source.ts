import type { Readable } from 'node:stream';
import type { Comparison } from './comparison.ts';

export interface SourceRequest {
  /** First byte wanted. Default 0. */
  readonly offset?: number;
  /** Bytes wanted from there. Default: to the end. */
  readonly length?: number;
  /** An ETag: answers 304 when it is still the same. */
  readonly ifNoneMatch?: string;
  /** Nobody waits for it yet: whoever is asked serves others first. */
  readonly isBackground?: boolean;
  readonly signal?: AbortSignal;
}

/** What a source has to say. `body` must be read to its end or destroyed, and then breaks with a coded error at most. */
export type SourceAnswer =
  | {
      readonly status: 'found';
      /** From `offset` as asked, at most `length` bytes; fewer only at the end of the file. */
      readonly body: Readable;
      /** Size of the whole file, where the source says it. */
      readonly totalBytes: number | undefined;
      readonly etag: string | undefined;
      /** It is held up on purpose (docs/spec/bandwidth.md). */
      readonly isPaced?: boolean;
    }
  | { readonly status: 'unchanged' }
  | { readonly status: 'missing' };

/** Where files of a repository can be had: a parent over HTTP, a folder. What it gives is nobody's word: verify it. */
export interface ObjectSource {
  /** For messages: the URL or folder. */
  readonly name: string;
  /**
   * `path` is a path of docs/spec/repository.md without the first `/`.
   * @throws XylemError E_PARENT_UNREACHABLE, E_PARENT_STALE, E_PARENT_REFUSED (retry elsewhere); the signal's reason
   */
  get(path: string, request?: SourceRequest): Promise<SourceAnswer>;
}

/** Several sources, of which the best comes first. */
export interface SourceChoice {
  /** How a slow one is compared with others; absent: it is not. */
  readonly comparison?: Comparison | undefined;
  /**
   * Gives `use` one source after the other, best first, until one succeeds. An error with `retry: 'elsewhere'` counts
   * against its source and the next is tried; any other is thrown at once.
   * @throws the error that says most, when all have failed
   */
  attempt<T>(path: string, use: (source: ObjectSource) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** A single source as a choice of one. */
export function asChoice(source: ObjectSource | SourceChoice): SourceChoice {
  return 'attempt' in source ? source : { attempt: (_path, use) => use(source) };
}
