import { isSwitched, timeOf } from '@xylem/core';
import type { Traffic } from '../api/schemas/index.ts';
import type { EnvironmentRow } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { type Serving, servingOf, servingsIn } from './rows.ts';
import { type Balancing, balancingIn, standingIn } from './standing.ts';

/** As the API shows it: each product of an environment that has a switch. */
export async function showTraffic(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  environment: EnvironmentRow,
): Promise<Traffic[]> {
  const nowMs = clock.now();
  const servings = await servingsIn(db, environment);
  if (servings.length === 0) return [];
  const balancing = await balancingIn(db, environment.id, nowMs);
  return servings.map(({ product, is }) => shown(product, is, balancing, nowMs));
}

/** @throws XylemError E_INPUT: the product has no switch there */
export async function trafficOfProduct(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  environment: EnvironmentRow,
  product: string,
): Promise<Traffic> {
  const nowMs = clock.now();
  const is = await servingOf(db, environment, product);
  return shown(product, is, await balancingIn(db, environment.id, nowMs), nowMs);
}

function shown(product: string, is: Serving, balancing: Balancing, nowMs: number): Traffic {
  const { component, key, label, groups } = is.traffic;
  const standing = standingIn(balancing, is, nowMs);
  const names = new Map<string, string>(balancing.hosts.map(({ id, name }) => [id, name]));
  return {
    product,
    component,
    key,
    label,
    groups: [...groups],
    serving: is.serving,
    number: is.number,
    switched:
      is.row === null
        ? null
        : {
            at: timeOf(is.row.since_ms),
            by: is.row.set_by,
            reason: is.row.reason,
            deployment: is.row.deployment,
          },
    done: isSwitched(standing),
    applied: standing.applied.map((host) => ({ host, name: names.get(host) ?? host })),
    behind: standing.behind.map(({ heardMs, ...one }) => ({
      ...one,
      heard: heardMs === null ? null : timeOf(heardMs),
    })),
  };
}
