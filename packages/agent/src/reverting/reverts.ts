import type { Log } from '@xylem/platform';
import type { Accepted, Held } from '../direction/wanted.ts';
import { installFingerprint, type Placed } from '../slot/placed.ts';
import { parsePlaced } from '../slot/record.ts';
import { type JsonFile, jsonFile } from '../state/json-file.ts';

/** A person on this host took a product back to what it ran before; it stays until it is undone there. */
export interface Revert {
  readonly product: string;
  readonly reason: string;
  /** RFC 3339. */
  readonly since: string;
  /** Who ordered it, as this host's system names them. */
  readonly by: string;
  /** What each of its components stays at. */
  readonly kept: readonly Placed[];
}

/** docs/spec/local.md, Local return. */
export interface Reverts {
  readonly reverts: readonly Revert[];
}

export function revertsFile(path: string, log: Log): JsonFile<Reverts> {
  return jsonFile(path, 'xylem-reverts-1', parseReverts, log);
}

function parseReverts({ reverts }: Record<string, unknown>): Reverts {
  if (!Array.isArray(reverts)) throw new Error('reverts is not a list');
  return {
    reverts: (reverts as Record<string, unknown>[]).map(({ product, reason, since, by, kept }) => {
      if (typeof product !== 'string' || !Array.isArray(kept)) throw new Error('incomplete');
      return {
        product,
        reason: String(reason),
        since: String(since),
        by: String(by),
        kept: kept.map(parsePlaced),
      };
    }),
  };
}

/**
 * What this host should run once a person's reverts are counted in: a component that direction gives it stays at what
 * it was taken back to, whatever version direction names, and goes when direction takes it away. Pure.
 */
export function withReverts(accepted: Accepted, reverts: readonly Revert[]): Accepted {
  if (reverts.length === 0) return accepted;
  const held: Held[] = [];
  const components = accepted.components.map((placed) => {
    const revert = revertOf(placed, reverts);
    const kept = revert?.kept.find(({ component }) => component === placed.component);
    if (revert === undefined || kept === undefined) return placed;
    // Where things stand and what comes first is direction's word; which version runs is the person's.
    const staying: Placed = { ...kept, after: placed.after };
    if (installFingerprint(staying) !== installFingerprint(placed)) {
      held.push({ component: placed.component, code: 'E_REVERTED', message: revertText(revert, kept) });
    }
    return staying;
  });
  return { ...accepted, components, held: [...accepted.held, ...held] };
}

/** The revert that decides about `placed`, if any. Pure. */
export function revertOf({ product, component }: Placed, reverts: readonly Revert[]): Revert | undefined {
  return reverts.find(
    (revert) => revert.product === product && revert.kept.some((kept) => kept.component === component),
  );
}

/** One sentence for reports and people. Pure. */
export function revertText({ product, by, since, reason }: Revert, kept: Placed): string {
  return `${by} took ${product} back on this host at ${since}: ${reason}. ${kept.component} stays at ${kept.version} until this is undone there (xylem agent revert ${product} --undo).`;
}
