import { XylemError } from '@xylem/core';
import { fullName } from '../environments/names.ts';
import { graphOf } from '../transitions/graph.ts';
import { type HostWay, hostWays } from '../transitions/paths.ts';
import { waypointReleases } from '../transitions/waypoints.ts';
import { type Gate, targetOf } from './gate.ts';

const mostNamed = 10;

/**
 * The publisher allows a way to the target, and each release on it can be had. Hosts to which it allows none keep what
 * they have; when all of those that have something are such, nothing is begun. Also the way back is refused: hosts
 * refuse it as well.
 */
export const transitions: Gate = {
  name: 'transitions',
  codes: ['E_DEAD_END', 'E_DOWNGRADE', 'E_WAYPOINT'],
  concerns: ({ target }) => target !== null,
  async look(trx, candidate) {
    const { environment, spec, nowMs } = candidate;
    const target = targetOf(candidate);
    const { product, version } = target.release;
    const graph = await graphOf(trx, product);
    if (graph === null) return `The publisher of ${product} says nothing of ways between its releases.`;
    const ways = await hostWays(trx, environment.id, spec, target, nowMs);
    const moving = ways.filter(({ installed }) => installed !== null);
    const shut = moving.filter(({ refused }) => refused !== null);
    const [first] = shut;
    if (first?.refused != null && shut.length === moving.length)
      throw new XylemError(
        first.refused.code,
        `No host of ${fullName(environment)} can go to ${product}@${version}: ${shutText(shut)} Nothing was changed.`,
      );
    const here = new Set<string>(
      (await waypointReleases(trx, product, graph)).map((one) => one.release.version),
    );
    for (const { name, way } of ways) {
      const lost = way.kind === 'steps' ? way.steps.slice(0, -1).find((step) => !here.has(step)) : undefined;
      if (lost === undefined) continue;
      throw new XylemError(
        'E_WAYPOINT',
        `${name} gets to ${product}@${version} only through ${product}@${lost}, which is not here, or was withdrawn or recalled. Publish or restore it, or have its publisher take the waypoint out. Nothing was changed.`,
      );
    }
    const through = moving.filter(({ way }) => way.kind === 'steps' && way.steps.length > 1).length;
    const left = shut.length === 0 ? '' : ` ${shut.length} keep what they have: ${shutText(shut)}`;
    return `${through} of ${moving.length} hosts pass through other releases first.${left}`;
  },
};

/** Which hosts, and why, a few of them. */
function shutText(shut: readonly HostWay[]): string {
  const named = shut.slice(0, mostNamed).map(({ name, refused }) => `${name}: ${refused?.message ?? ''}`);
  const more = shut.length - named.length;
  return `${named.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`;
}
