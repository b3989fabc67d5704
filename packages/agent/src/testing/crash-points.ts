import {
  type ComponentKind,
  type JournalPoint,
  journalPoints,
  type StepKind,
  stepsOfKind,
} from '../converge/points.ts';

/** Places of a road where its process is killed, in order. */
export interface Road {
  readonly kind: ComponentKind;
  readonly steps: readonly StepKind[];
  /** Steps among them that fail, so that they never come to `acted`. */
  readonly failing?: readonly StepKind[];
}

const kinds = Object.keys(stepsOfKind) as ComponentKind[];

/** Every point of a road. Pure. */
export function pointsOf({ kind, steps, failing = [] }: Road): readonly JournalPoint[] {
  return steps.flatMap((step) =>
    failing.includes(step)
      ? [`${kind}/${step}/written` as const]
      : [`${kind}/${step}/written` as const, `${kind}/${step}/acted` as const],
  );
}

/**
 * Whether a point belongs to those of which a short sweep kills at each. A step that has acted is where kinds differ;
 * that a step was only announced is the journal's matter, and one kind shows it for all. Pure.
 */
export function isEssential(point: JournalPoint): boolean {
  const [kind, step, phase] = point.split('/');
  const first = kinds.find((one) => (stepsOfKind[one] as readonly string[]).includes(step ?? ''));
  return phase === 'acted' || kind === first;
}

/**
 * The points of a road at which a short sweep kills: the essential ones that no road before it took, and of every road
 * at least one. Pure.
 */
export function shortOf(road: Road, taken: ReadonlySet<string>): readonly JournalPoint[] {
  const points = pointsOf(road);
  const chosen = points.filter((point) => isEssential(point) && !taken.has(point));
  return chosen.length > 0 ? chosen : points.slice(-1);
}

/** Points of a kind that a sweep should have reached, and others that none of its roads has. Pure. */
export function missedPoints(
  kind: ComponentKind,
  sweep: { readonly reached: ReadonlySet<string>; readonly listed: ReadonlySet<string> },
  depth: 'all' | 'short',
): readonly JournalPoint[] {
  return journalPoints
    .filter((point) => point.startsWith(`${kind}/`))
    .filter((point) =>
      depth === 'all' || isEssential(point) ? !sweep.reached.has(point) : !sweep.listed.has(point),
    );
}
