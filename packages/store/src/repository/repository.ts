import type { Digest, DomainId } from '@xylem/core';

/** Bytes as one piece or as a stream. */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * The folder of docs/spec/repository.md on disk. Whatever can be seen in it is whole, verified and synced; whoever
 * dies in the middle leaves only files below `.tmp-work`, which the next `openRepository` clears away.
 *
 * All methods throw XylemError: E_DISK_FULL (nothing half done is visible), E_PERMISSION, E_STORAGE, and E_INPUT
 * for a path that the repository does not have.
 */
export interface Repository {
  readonly folder: string;
  /** Where unfinished files lie; on the same file system, never served. */
  readonly workFolder: string;

  objectPath(domain: DomainId, digest: Digest): string;
  hasObject(domain: DomainId, digest: Digest): Promise<boolean>;
  /** Size in bytes, or null when absent. */
  objectSize(domain: DomainId, digest: Digest): Promise<number | null>;
  /** Keeps bytes whose SHA-256 is `digest`; repeatable. Throws E_OBJECT_DIGEST for other bytes. */
  putObject(domain: DomainId, digest: Digest, source: Bytes): Promise<void>;
  /** Many small objects with one sync of each folder. */
  putObjects(domain: DomainId, objects: ReadonlyMap<Digest, Uint8Array>): Promise<void>;
  /** Takes a file below `workFolder` that the caller has verified to be `digest`; it is moved, or removed if known. */
  adoptObject(domain: DomainId, digest: Digest, file: string): Promise<void>;
  /** Puts what another domain already holds into this one. False when nobody holds it. */
  linkObject(domain: DomainId, digest: Digest): Promise<boolean>;
  /** Whole and verified, at most `maxBytes` (default 64 MiB); null when absent. Throws E_OBJECT_DIGEST when damaged, E_TOO_LARGE. */
  readObject(domain: DomainId, digest: Digest, maxBytes?: number): Promise<Buffer | null>;
  removeObject(domain: DomainId, digest: Digest): Promise<void>;
  /** The digests of a domain. */
  listObjects(domain: DomainId): AsyncIterable<Digest>;
  listDomains(): Promise<DomainId[]>;

  /** Files other than objects, by their path of the specification without the first `/`: `r/…`, `news/…`, `o/…/offers/…`, `o/…/patches/…`. */
  putFile(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Several files; each appears whole, in the given order, and all are durable at the end. */
  putFiles(files: Iterable<readonly [path: string, bytes: Uint8Array | string]>): Promise<void>;
  /** At most `maxBytes` (default 64 MiB); null when absent. Throws E_TOO_LARGE. */
  readFile(path: string, maxBytes?: number): Promise<Buffer | null>;
  removeFile(path: string): Promise<void>;
  /** Names of files below a folder such as `news/<environment>`; empty when absent. */
  listFiles(folder: string): Promise<string[]>;
  /** The path on disk of such a file. */
  filePath(path: string): string;
}
