import type { HostId } from '../ids.ts';
import type { Version } from '../versions.ts';
import type { Shapes } from '../wire/migration.ts';
import type { Accepts } from '../wire/package/migrations.ts';
import { fitOf, type ShapeChange, shapesDuring } from './shapes.ts';

/** A package of a host that works with the database. */
export interface NeedOfShape {
  readonly component: string;
  readonly version: Version;
  readonly accepts: Accepts;
  /** What it runs by its last report, or what direction gives it. */
  readonly how: 'runs' | 'directed';
}

/** A host that counts: neither retired nor revoked, heard of or not. */
export interface HostNeeds {
  readonly id: HostId;
  readonly name: string;
  /** Left out of the count by an audited order. */
  readonly excluded: boolean;
  readonly needs: readonly NeedOfShape[];
}

/** Why a change of shapes may not begin: one host that still needs what it takes away. */
export interface Blocker {
  readonly host: HostId;
  readonly name: string;
  readonly need: NeedOfShape;
}

export type MayBegin =
  | { readonly kind: 'yes' }
  /** The step does not lead on from what the database has. */
  | { readonly kind: 'out-of-order'; readonly why: string }
  | { readonly kind: 'needed'; readonly blockers: readonly Blocker[] };

/**
 * Whether a step may be run or undone now. Pure.
 *
 * Invariant (property-tested): of the hosts that are not excluded, none that runs a package which works with the
 * database before is left with one that does not, while the change is under way or after it, whenever that ends.
 */
export function mayBegin(now: Shapes, change: ShapeChange, hosts: readonly HostNeeds[]): MayBegin {
  const { action, phase, to, unfinished = false } = change;
  // A contract that was cut off has taken the old shape away already and is begun again.
  const isAgain = phase === 'contract' && now.oldest === to && now.newest === to - 1;
  if (action === 'run' && now.newest !== to - 1)
    return outOfOrder(`a step to ${to} follows on ${to - 1}, and the database has ${now.newest}`);
  if (action === 'run' && now.oldest > now.newest && !isAgain)
    return outOfOrder(`the contract to ${now.oldest} was begun and comes first`);
  if (action === 'undo' && now.oldest > now.newest)
    return outOfOrder(
      `the contract to ${now.oldest} was begun, and what it took away comes back from a backup alone`,
    );
  if (action === 'undo') {
    if (phase === 'contract') return outOfOrder('what a contract took away comes back from a backup alone');
    // A shape that is half there is not served; it can be taken back all the same.
    if (now.newest !== to + 1 && !(unfinished && now.newest === to))
      return outOfOrder(`the step to ${to + 1} is not the last one: the database has ${now.newest}`);
    if (now.oldest > to) return outOfOrder(`the database serves nothing older than ${now.oldest}`);
  }
  if (action === 'restore') return { kind: 'yes' };
  const during = shapesDuring(now, change);
  const blockers = hosts.filter(({ excluded }) => !excluded).flatMap((host) => blockersOf(host, now, during));
  return blockers.length === 0 ? { kind: 'yes' } : { kind: 'needed', blockers };
}

/** What needs a shape that goes: it fitted or was to come, and would not fit any more. */
function blockersOf({ id, name, needs }: HostNeeds, now: Shapes, during: Shapes): Blocker[] {
  const lost = needs.filter(({ accepts, how }) => {
    const fit = fitOf(accepts, during);
    if (fit === 'fits' || fit === fitOf(accepts, now)) return false;
    // What waits for a shape goes on waiting; what runs on one does not.
    return how === 'runs' || fit === 'contracted' || fitOf(accepts, now) === 'fits';
  });
  return lost.map((need) => ({ host: id, name, need }));
}

const outOfOrder = (why: string): MayBegin => ({ kind: 'out-of-order', why });

/** Who of these works with the database now and would not once the change begins: what a restore stops. Pure. */
export function stoppedBy(now: Shapes, change: ShapeChange, hosts: readonly HostNeeds[]): readonly Blocker[] {
  const during = shapesDuring(now, change);
  return hosts.flatMap((host) => blockersOf(host, now, during)).filter(({ need }) => need.how === 'runs');
}
