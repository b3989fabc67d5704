import { timeOf } from '@xylem/core';
import type { Deployment } from '../api/schemas/deployments.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import type { HostMark } from './rows.ts';

type LeftOut = NonNullable<Deployment['leftOut']>;
type One = LeftOut['hosts'][number];

/** Of hosts beyond these the counts tell. */
const mostNamed = 100;

/** Whom a deployment does not come to though its components are theirs; null: nobody. Pure. */
export function leftOutOf(
  hosts: readonly HostRecord[],
  marks: ReadonlyMap<string, Pick<HostMark, 'skipped'>>,
): LeftOut | null {
  const found = hosts.flatMap((host): One[] => {
    const skipped = marks.get(host.id)?.skipped ?? null;
    if (skipped === null) return [];
    const message = `${skipped.by} skipped it at ${timeOf(skipped.sinceMs)}: ${skipped.reason}`;
    return [{ id: host.id, name: host.name, why: 'skipped', message }];
  });
  if (found.length === 0) return null;
  found.sort((a, b) => compare(a.why, b.why) || compare(a.name, b.name) || compare(a.id, b.id));
  const counts = [...Map.groupBy(found, ({ why }) => why)].map(([why, those]) => ({
    why,
    hosts: those.length,
  }));
  return { total: found.length, counts, hosts: found.slice(0, mostNamed) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
