import type { Digest } from '../ids.ts';

/** A chunk's digest and size in bytes. */
export type Chunk = readonly [digest: Digest, sizeBytes: number];

/** docs/spec/objects.md, Trees. `path` is relative, separated by `/`. */
export type TreeEntry = TreeFile | TreeFolder | TreeLink;

export interface TreeFile {
  readonly type: 'file';
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
  readonly executable: boolean;
  /** In order; an empty file has none, a file of one chunk has itself. */
  readonly chunks: readonly Chunk[];
}

/** An empty folder; others are implied by what they hold. */
export interface TreeFolder {
  readonly type: 'folder';
  readonly path: string;
}

export interface TreeLink {
  readonly type: 'link';
  readonly path: string;
  readonly target: string;
}

export const treeFormat = 'xylem-tree-1';
/** The first line, without its line end. */
export const treeHeader = `{"format":"${treeFormat}"}`;
/** SHA-256 of no bytes. */
export const emptyDigest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Digest;
