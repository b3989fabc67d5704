import { hash } from 'node:crypto';
import type { TargetInfo, TufClientOptions } from './types.ts';

/** Client workflow 5.7.3: a file is named by any of its digests. Ours always give the SHA-256. Null: none we know. */
export function digestOf(hashes: TargetInfo['hashes'], dialect: TufClientOptions['dialect']): string | null {
  const known = dialect === 'any' ? ['sha256', 'sha512', 'sha384'] : ['sha256'];
  return known.map((algorithm) => hashes[algorithm]).find((digest) => digest !== undefined) ?? null;
}

/** 5.7.3: of the length and of all digests that the role names. An algorithm that we don't know is not passed over. */
export function isTarget({ length, hashes }: TargetInfo, bytes: Uint8Array): boolean {
  const fits = ([algorithm, digest]: [string, string]): boolean =>
    /^sha(256|384|512)$/.test(algorithm) && hash(algorithm, bytes) === digest;
  return bytes.length === length && Object.entries(hashes).every(fits);
}
