import { compareVersions, isVersionRange, type Transitions, type Version, XylemError } from '@xylem/core';
import type { ProductRoleContent } from '@xylem/trust';

type Waypoint = NonNullable<Transitions['waypoints']>[number];
type DeadEnd = NonNullable<Transitions['deadEnds']>[number];
type Downgrade = NonNullable<Transitions['downgrades']>[number];

/** With this waypoint, or another word about it. */
export function withWaypoint(content: ProductRoleContent, waypoint: Waypoint): ProductRoleContent {
  const { waypoints } = withoutWaypoint(content, waypoint.version).transitions ?? {};
  const all = [...(waypoints ?? []), waypoint].sort((a, b) => compareVersions(a.version, b.version));
  return saying(content, { waypoints: all });
}

export function withoutWaypoint(content: ProductRoleContent, version: string): ProductRoleContent {
  return saying(content, {
    waypoints: (content.transitions?.waypoints ?? []).filter((one) => one.version !== version),
  });
}

export function withDeadEnd(content: ProductRoleContent, deadEnd: DeadEnd): ProductRoleContent {
  const { deadEnds } = withoutDeadEnd(content, deadEnd.versions).transitions ?? {};
  return saying(content, { deadEnds: [...(deadEnds ?? []), deadEnd] });
}

export function withoutDeadEnd(content: ProductRoleContent, versions: string): ProductRoleContent {
  return saying(content, {
    deadEnds: (content.transitions?.deadEnds ?? []).filter((one) => one.versions !== versions),
  });
}

/** Goes before what was said earlier: the first that fits decides. */
export function withDowngrade(content: ProductRoleContent, downgrade: Downgrade): ProductRoleContent {
  const { downgrades } = withoutDowngrade(content, downgrade).transitions ?? {};
  return saying(content, { downgrades: [downgrade, ...(downgrades ?? [])] });
}

export function withoutDowngrade(
  content: ProductRoleContent,
  { from, to }: Pick<Downgrade, 'from' | 'to'>,
): ProductRoleContent {
  return saying(content, {
    downgrades: (content.transitions?.downgrades ?? []).filter((one) => one.from !== from || one.to !== to),
  });
}

/** What no host can pass through any more need not be said: so it does not grow with history. */
export function withoutWaypointsBelow(content: ProductRoleContent, floor: Version): ProductRoleContent {
  const { waypoints = [] } = content.transitions ?? {};
  return saying(content, {
    waypoints: waypoints.filter(({ version }) => compareVersions(version, floor) >= 0),
  });
}

/** @throws XylemError E_INPUT */
export function rangeIn(word: string): string {
  if (isVersionRange(word) && word.trim() !== '') return word;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no range of versions, such as '1.3.0 - 1.3.4' or '>=2.0.0 <3.0.0'.`,
  );
}

/** No empty lists, and nothing at all where nothing is said. */
function saying(content: ProductRoleContent, said: Partial<Transitions>): ProductRoleContent {
  const { transitions, ...others } = content;
  const { waypoints = [], deadEnds = [], downgrades = [] } = { ...transitions, ...said };
  const all: Transitions = {
    ...(waypoints.length === 0 ? {} : { waypoints }),
    ...(deadEnds.length === 0 ? {} : { deadEnds }),
    ...(downgrades.length === 0 ? {} : { downgrades }),
  };
  return Object.keys(all).length === 0 ? others : { ...others, transitions: all };
}
