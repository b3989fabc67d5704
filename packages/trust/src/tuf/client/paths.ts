import { metadataPath } from '../names.ts';
import { invalidMetadata } from '../parse.ts';
import type { Trusted } from './trusted.ts';

/** Where the file of a role lies below the repository: with its version in consistent snapshots (6.2). */
export function pathOf({ root }: Trusted, role: string, version: number): string {
  const name = segment(role);
  return root.metadata.signed.consistentSnapshot ? metadataPath(name, version) : `metadata/${name}.json`;
}

/** A path for a URL, its slashes kept. Names of our own repositories stay as they are. */
export function quoted(path: string): string {
  return path.split('/').map(segment).join('/');
}

/** A name as one segment of a URL, or as the name of a file: RFC 3986, all but its unreserved characters quoted. */
export function segment(name: string): string {
  // A lone surrogate has no UTF-8: as everywhere, U+FFFD stands for it.
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Names become paths and file names. @throws XylemError E_METADATA_INVALID */
export function checkRoleName(role: string, dialect: 'ours' | 'any'): void {
  if (dialect === 'ours' ? /^[a-z0-9-]+$/.test(role) : role !== '' && segment(role).length <= 200) return;
  const why = dialect === 'ours' ? 'its name is not of a-z, 0-9 and -' : 'its name is empty or too long';
  throw invalidMetadata(role.slice(0, 100), why);
}
