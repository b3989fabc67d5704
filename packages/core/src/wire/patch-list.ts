import { XylemError } from '../errors.ts';
import { type Digest, isDigest } from '../ids.ts';
import { jcsBytes } from '../jcs.ts';
import { parseJson } from '../json.ts';
import { limits } from '../limits.ts';
import { isSize } from '../tree/line.ts';
import { checkFormat } from './document.ts';

/**
 * From which tree, the patch's digest, its length, the bytes of content that it makes, and those that go as chunks to
 * whom has the other tree alone.
 */
export type ListedPatch = readonly [
  from: Digest,
  patch: Digest,
  sizeBytes: number,
  madeBytes: number,
  chunkBytes: number,
];

/** docs/spec/patches.md, Which patches there are. Anybody's word: what a patch makes proves itself. */
export interface PatchList {
  readonly format: 'xylem-patches-1';
  /** The tree that all of them lead to. */
  readonly to: Digest;
  readonly patches: readonly ListedPatch[];
}

const format = 'xylem-patches-1';

/** @throws XylemError E_PATCH_INVALID, E_FORMAT_UNSUPPORTED, E_TOO_LARGE */
export function parsePatchList(input: Uint8Array): PatchList {
  const value = parseJson(input, 'list of patches', { maxBytes: limits.patchList, code: 'E_PATCH_INVALID' });
  checkFormat(value, format, 'list of patches', 'E_PATCH_INVALID');
  return verify(value);
}

export function encodePatchList(list: PatchList): Uint8Array {
  return jcsBytes(verify(list));
}

function verify(value: unknown): PatchList {
  const { to, patches } = value as Readonly<Record<string, unknown>>;
  if (typeof to !== 'string' || !isDigest(to)) return refuse('to: expected a digest');
  if (!Array.isArray(patches) || patches.length > limits.listedPatches || !patches.every(isListed))
    return refuse(
      `patches: expected at most ${limits.listedPatches} of [from, patch, sizeBytes, madeBytes, chunkBytes]`,
    );
  return { format, to, patches };
}

function isListed(value: unknown): value is ListedPatch {
  if (!Array.isArray(value) || value.length !== 5) return false;
  const [from, patch, sizeBytes, madeBytes, chunkBytes] = value as readonly unknown[];
  const areDigests = [from, patch].every((one) => typeof one === 'string' && isDigest(one));
  const isPatch = isSize(sizeBytes) && sizeBytes > 0 && sizeBytes <= limits.patch;
  return areDigests && isPatch && isSize(madeBytes) && isSize(chunkBytes);
}

function refuse(reason: string): never {
  throw new XylemError('E_PATCH_INVALID', `The list of patches is not valid: ${reason}.`);
}
