import type { TargetFile } from '@tufjs/models';
import { expiresMs, type TargetsPiece } from '../parse.ts';
import { mayHold } from '../path-pattern.ts';
import { endOfDelegation } from '../xylem-field.ts';

/** Gives a verified role. @param delegator the role that delegates to it, null for the root */
export type RoleLoader = (role: string, delegator: string | null) => Promise<TargetsPiece>;

/** When and in which snapshot a search takes place. */
export interface Moment {
  readonly nowMs: number;
  readonly isListed: (role: string) => boolean;
}

interface Visit {
  readonly role: string;
  readonly delegator: string | null;
  /** From targets to this role. */
  readonly chain: readonly string[];
  readonly expiresAt: number;
}

/** Most roles that one search visits (5.6.7.1 asks for a bound). */
const maxVisits = 32;

/**
 * Client workflow 5.6.7: a preorder depth-first search from the targets role, in the order of delegations; only
 * roles that may hold the path are loaded. A terminating delegation ends the search when it does not hold it.
 */
export async function findTarget(
  path: string,
  load: RoleLoader,
  moment: Moment,
): Promise<{ target: TargetFile; roles: readonly string[]; expiresAt: number } | null> {
  let stack: Visit[] = [
    { role: 'targets', delegator: null, chain: ['targets'], expiresAt: Number.POSITIVE_INFINITY },
  ];
  const visited = new Set<string>();
  for (let visit = stack.pop(); visit !== undefined && visited.size < maxVisits; visit = stack.pop()) {
    const { role, delegator, chain } = visit;
    // 5.6.7.1: each role once.
    if (visited.has(role)) continue;
    visited.add(role);
    const piece = await load(role, delegator);
    const { signed } = piece.metadata;
    const expiresAt = Math.min(visit.expiresAt, expiresMs(signed));
    const target = Object.hasOwn(signed.targets, path) ? signed.targets[path] : undefined;
    if (target !== undefined) return { target, roles: chain, expiresAt };
    const children: Visit[] = [];
    for (const child of delegationsFor(piece, path, moment)) {
      children.push({ role: child.role, delegator: role, chain: [...chain, child.role], expiresAt });
      // 5.6.7.2.1: nothing after a terminating delegation is asked, here or above.
      if (child.terminating) {
        stack = [];
        break;
      }
    }
    stack.push(...children.reverse());
  }
  return null;
}

/**
 * A delegation that names its own end (docs/spec/metadata.md) holds until then, whatever its role says; and before its
 * role first was signed it is as if it were not there.
 */
function isInForce(role: TargetsPiece['delegated'][number], { nowMs, isListed }: Moment): boolean {
  const endMs = endOfDelegation(role);
  return endMs === null || (endMs > nowMs && isListed(role.name));
}

/** The delegations that may hold a path, in their order. Hash bins named by a prefix (TAP 15) are one each. */
function delegationsFor(
  { metadata, delegated }: TargetsPiece,
  path: string,
  moment: Moment,
): { readonly role: string; readonly terminating: boolean }[] {
  const bins = metadata.signed.delegations?.succinctRoles;
  if (bins !== undefined && delegated.length === 0) {
    return [{ role: bins.getRoleForTarget(path), terminating: true }];
  }
  return delegated
    .filter((role) => mayHold(role, path) && isInForce(role, moment))
    .map(({ name, terminating }) => ({ role: name, terminating }));
}
