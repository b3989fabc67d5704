import { limits } from '../limits.ts';

const control = /\p{Cc}/u;
const notAscii = /[\u0080-\uffff]/;

/**
 * What is wrong with a path of a tree (docs/spec/objects.md), as a phrase, or undefined. The same rules for what is
 * published and for what arrives: a path that passes stays below the folder that it is joined to.
 */
export function treePathFault(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (!path.isWellFormed()) return 'it is not UTF-8';
  if (control.test(path)) return 'it holds control characters';
  if (path.startsWith('/')) return 'it is absolute';
  if (byteLength(path) > limits.path) return `it is longer than ${limits.path} bytes`;
  for (const segment of path.split('/')) {
    if (segment === '') return 'it has an empty segment';
    if (segment === '.' || segment === '..') return `it has the segment "${segment}"`;
    if (segment.length > limits.segment / 4 && byteLength(segment) > limits.segment) {
      return `a segment is longer than ${limits.segment} bytes`;
    }
  }
  return undefined;
}

function byteLength(text: string): number {
  return notAscii.test(text) ? Buffer.byteLength(text) : text.length;
}

/** The order of a tree: by the bytes of the UTF-8, which is by code points, not by JavaScript's UTF-16 units. */
export function compareTreePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** Two siblings with equal folds would be one file on some file systems. */
export function foldName(name: string): string {
  return notAscii.test(name) ? name.normalize('NFC').toUpperCase().toLowerCase() : name.toLowerCase();
}
