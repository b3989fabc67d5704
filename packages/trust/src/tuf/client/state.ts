import { expiresMs } from '../parse.ts';
import type { Trusted } from './trusted.ts';
import type { TufState } from './types.ts';

/** Versions of what is trusted, and until when. */
export function stateOf(trusted: Trusted): TufState {
  const { root, timestamp, snapshot, roles, floorMs } = trusted;
  const targets = roles.get('targets');
  const all = [root, timestamp, snapshot, targets];
  const known = all.filter((piece) => piece !== undefined);
  const expiresAt =
    known.length < all.length ? 0 : Math.min(...known.map((piece) => expiresMs(piece.metadata.signed)));
  return {
    root: versionOf(root),
    timestamp: versionOf(timestamp),
    snapshot: versionOf(snapshot),
    targets: versionOf(targets),
    expiresAt,
    floorMs,
  };
}

function versionOf(piece: { metadata: { signed: { version: number } } } | undefined): number {
  return piece?.metadata.signed.version ?? 0;
}
