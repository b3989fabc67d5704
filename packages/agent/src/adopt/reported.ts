import type { Report, Time, Version } from '@xylem/core';
import type { Adoption } from './adoptions.ts';

type Reported = NonNullable<Report['adoptions']>[number];

const mostNamed = 20;

/** What a report says of an adoption: of what its package does not name only how much there is. Pure. */
export function reportedAdoption(adoption: Adoption): Reported[] {
  const { component, order, outcome, at, by, version, code, message, differences } = adoption;
  if (outcome === null) return [];
  return [
    {
      component: component as Reported['component'],
      order,
      outcome,
      at: at as Time,
      by,
      ...(version === null ? {} : { version: version as Version }),
      ...(code === null ? {} : { code }),
      ...(message === null ? {} : { message: message.slice(0, 4_000) }),
      ...(differences === null
        ? {}
        : {
            differences: {
              count: differences.count,
              extra: differences.extra,
              named: differences.named
                .filter(({ extra }) => extra !== true)
                .slice(0, mostNamed)
                .map(({ path, what }) => ({ path, what })),
            },
          }),
    },
  ];
}
