import {
  type Assignment,
  type EnvironmentSpec,
  servingIn,
  type TrafficSwitch,
  trafficOf,
  withTraffic,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';

export type TrafficRow = Selectable<Tables['traffic']>;

/** Which group of a product serves, and since when by whose word. */
export interface Serving {
  readonly traffic: TrafficSwitch;
  readonly serving: string;
  /** How often it was switched. */
  readonly number: number;
  /** Null: it was never switched. */
  readonly row: TrafficRow | null;
}

export async function trafficRows(db: Database, environment: string): Promise<TrafficRow[]> {
  return await db.selectFrom('traffic').selectAll().where('environment', '=', environment).execute();
}

const decidedIn = (rows: readonly TrafficRow[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ product, serving }) => [product, serving]));

/** The environment with the groups that serve over the configuration of its switches. */
export async function withServing(
  db: Database,
  environment: string,
  spec: EnvironmentSpec,
): Promise<EnvironmentSpec> {
  return withTraffic(spec, decidedIn(await trafficRows(db, environment)));
}

/**
 * How often traffic was switched stands with the components that it goes through: a balancer that was switched there and
 * back, and heard of both at once, has to say that it heard.
 */
export async function withSwitched(
  db: Database,
  environment: string,
  spec: EnvironmentSpec,
  assignments: readonly Assignment[],
): Promise<Assignment[]> {
  const numbers = new Map<string, number>();
  for (const { product, number } of await trafficRows(db, environment)) {
    const component = trafficOf(spec, product)?.component;
    if (component !== undefined) numbers.set(component, number + (numbers.get(component) ?? 0));
  }
  return assignments.map((one) => {
    const switched = numbers.get(one.component) ?? 0;
    return switched === 0 ? one : { ...one, switched };
  });
}

/** @throws XylemError E_INPUT: the product has no switch there */
export async function servingOf(
  db: Database,
  environment: EnvironmentRow,
  product: string,
): Promise<Serving> {
  const spec = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const found = serving(spec, await trafficRows(db, environment.id), product);
  if (found !== null) return found;
  throw new XylemError(
    'E_INPUT',
    `The YAML of ${fullName(environment)} names no \`traffic\` for ${product}: there is nothing to switch.`,
  );
}

/** Of each product that has a switch, in the order of the YAML. */
export async function servingsIn(
  db: Database,
  environment: EnvironmentRow,
): Promise<{ readonly product: string; readonly is: Serving }[]> {
  const spec = parseEnvironmentYaml(environment.yaml, fullName(environment));
  const rows = await trafficRows(db, environment.id);
  return Object.keys(spec.products).flatMap((product) => {
    const is = serving(spec, rows, product);
    return is === null ? [] : [{ product, is }];
  });
}

function serving(spec: EnvironmentSpec, rows: readonly TrafficRow[], product: string): Serving | null {
  const traffic = trafficOf(spec, product);
  const group = servingIn(spec, product, decidedIn(rows));
  if (traffic === null || group === null) return null;
  const row = rows.find((one) => one.product === product) ?? null;
  return { traffic, serving: group, number: row?.number ?? 0, row };
}

/** What no desired state says yet. */
export const undirected = (rows: readonly TrafficRow[]): readonly TrafficRow[] =>
  rows.filter((row) => row.directed_number === null);

/** Notes that the desired state of this number says what these rows do, unless they were switched meanwhile. */
export async function noteDirected(
  db: Database,
  rows: readonly TrafficRow[],
  directed: number,
): Promise<void> {
  for (const { environment, product, number } of rows) {
    await db
      .updateTable('traffic')
      .set({ directed_number: directed })
      .where('environment', '=', environment)
      .where('product', '=', product)
      .where('number', '=', number)
      .where('directed_number', 'is', null)
      .execute();
  }
}
