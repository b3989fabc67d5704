import type { MigrationAction, Shapes } from '../wire/migration.ts';
import type { Accepts, MigrationPhase } from '../wire/package/migrations.ts';

/** Of a database that nothing was ever migrated in. */
export const noShapes: Shapes = { oldest: 0, newest: 0 };

/** Whether a package works with a database; else which side is behind. */
export type Fit = 'fits' | 'pending' | 'contracted';

/**
 * A package works with a database that serves any of the shapes that it accepts: expanding and backfilling add a shape
 * and keep those before it, so a package that has never heard of them goes on. Pure.
 */
export function fitOf(accepts: Accepts, { oldest, newest }: Shapes): Fit {
  if (accepts.to < oldest) return 'contracted';
  return accepts.from > newest ? 'pending' : 'fits';
}

/** One change of a database's shapes: a step that is run or undone, or a return to a backup. */
export interface ShapeChange {
  readonly action: MigrationAction;
  /** Of a step; absent for a restore. */
  readonly phase?: MigrationPhase | undefined;
  /** What the database has when it is done. */
  readonly to: number;
  /** What a backup was made of. */
  readonly restored?: Shapes | undefined;
  /** The step was begun, run or undone, and not finished: it may be undone from there. */
  readonly unfinished?: boolean | undefined;
}

/** What the database serves when the change is done. Pure. */
export function shapesAfter({ oldest, newest }: Shapes, change: ShapeChange): Shapes {
  const { action, phase, to, restored } = change;
  if (action === 'restore') return restored ?? { oldest, newest };
  if (action === 'undo') return { oldest, newest: to };
  return phase === 'contract' ? { oldest: to, newest: to } : { oldest, newest: to };
}

/**
 * What it serves from the moment the change begins until it is done, however often it is cut off: only what it serves
 * on both sides. A shape is taken away before it begins to go, and given when it is whole. `oldest` can be one above
 * `newest`: then only packages that accept both sides of a contract work. Pure.
 */
export function shapesDuring(now: Shapes, change: ShapeChange): Shapes {
  const after = shapesAfter(now, change);
  return { oldest: Math.max(now.oldest, after.oldest), newest: Math.min(now.newest, after.newest) };
}
