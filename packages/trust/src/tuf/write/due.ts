import { metadataLifetimeMs } from '../lifetimes.ts';

/**
 * Whether metadata should be signed anew though nothing changed: a timestamp a day after its signing, else when
 * less than a third of its life is left (docs/spec/lifetimes.md).
 * @param spreadMs the caller's jitter, so that many repositories don't fall due at one moment
 */
export function dueForRenewal(
  kind: keyof typeof metadataLifetimeMs,
  bytes: Uint8Array,
  nowMs: number,
  spreadMs = 0,
): boolean {
  const { signed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { signed: { expires: string } };
  const lifetimeMs = metadataLifetimeMs[kind];
  const leastLeftMs = kind === 'timestamp' ? (lifetimeMs * 6) / 7 : lifetimeMs / 3;
  return Date.parse(signed.expires) - nowMs < leastLeftMs + spreadMs;
}
