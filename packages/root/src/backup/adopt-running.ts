import { type DesiredState, type Report, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { type ComponentMap, withComponents, withProduct } from '../environments/edit-yaml.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';

const maxSelectorLength = 4096;

/**
 * Makes the release that most hosts run, of each product, the settled one.
 * @param newest the desired state that was found at a relay, or null
 * @throws XylemError E_NOT_FOUND (no release here holds what they run), E_CONFLICT (who runs it can't be named)
 */
export async function adoptRunning(
  trx: Database,
  environment: EnvironmentRow,
  heard: readonly Report[],
  newest: DesiredState | null,
): Promise<void> {
  const own = heard.filter((report) => report.environment === environment.id);
  const products = new Set(own.flatMap(({ components }) => components.map(({ product }) => product)));
  for (const product of products) {
    const release = await runningRelease(trx, product, own);
    if (release === null) {
      const message = `Hosts of ${fullName(environment)} run packages of ${product} that no release here holds. Publish that release again, or keep the backup's.`;
      throw new XylemError('E_NOT_FOUND', message, {
        details: { product, environment: fullName(environment) },
      });
    }
    await mapProduct(trx, environment, { product, version: release.version }, own, newest);
    const last = await trx
      .selectFrom('deployments')
      .select((e) => e.fn.max('sequence').as('sequence'))
      .executeTakeFirst();
    const before = await trx
      .selectFrom('standings')
      .selectAll()
      .where('environment', '=', environment.id)
      .where('product', '=', product)
      .executeTakeFirst();
    const isSame = before?.release === release.release;
    const values = {
      sequence: last?.sequence ?? 0,
      ...release,
      previous_release: isSame ? (before?.previous_release ?? null) : (before?.release ?? null),
      previous_version: isSame ? (before?.previous_version ?? null) : (before?.version ?? null),
    };
    await trx
      .insertInto('standings')
      .values({ environment: environment.id, product, ...values })
      .onConflict((c) => c.columns(['environment', 'product']).doUpdateSet(values))
      .execute();
  }
}

/**
 * A product that the backup's YAML does not map (it was deployed later) is mapped as the newest desired state maps it,
 * or else to just those hosts that run it: keeping what hosts run must not give it to others. One that the YAML pins to
 * a release is pinned to this one.
 */
async function mapProduct(
  trx: Database,
  environment: EnvironmentRow,
  { product, version }: { readonly product: string; readonly version: string },
  reports: readonly Report[],
  newest: DesiredState | null,
): Promise<void> {
  const row = await trx
    .selectFrom('environments')
    .select(['yaml', 'yaml_version'])
    .where('id', '=', environment.id)
    .executeTakeFirstOrThrow();
  const components = componentsOf(product, reports, newest);
  const mapped = withComponents(row.yaml, product, components);
  const yaml = withProduct(mapped, product, version);
  if (yaml === row.yaml) return;
  if (mapped !== row.yaml && components.some(({ where }) => where.length > maxSelectorLength)) {
    const message = `The YAML of ${fullName(environment)} in the backup does not name ${product}. Add it by \`xylem env edit\`, then confirm.`;
    throw new XylemError('E_CONFLICT', message, { details: { product } });
  }
  await trx
    .updateTable('environments')
    .set({ yaml, yaml_version: row.yaml_version + 1 })
    .where('id', '=', environment.id)
    .execute();
}

function componentsOf(
  product: string,
  reports: readonly Report[],
  newest: DesiredState | null,
): ComponentMap[] {
  const assigned = (newest?.assignments ?? []).filter((assignment) => assignment.product === product);
  if (assigned.length > 0) {
    const first = new Map(assigned.toReversed().map((assignment) => [assignment.component, assignment]));
    return [...first.values()].map(({ component, where, config }) => ({ component, where, config }));
  }
  const hostsOf = new Map<string, string[]>();
  for (const { host, components } of reports) {
    for (const c of components.filter((candidate) => candidate.product === product)) {
      hostsOf.set(c.component, [...(hostsOf.get(c.component) ?? []), host]);
    }
  }
  return [...hostsOf].map(([component, hosts]) => ({
    component,
    where: `id in (${hosts.sort().join(', ')})`,
  }));
}

/** The release whose packages explain most of what hosts report of a product. */
async function runningRelease(
  trx: Database,
  product: string,
  reports: readonly Report[],
): Promise<{ release: string; version: string } | null> {
  const counts = new Map<string, number>();
  for (const { components } of reports) {
    for (const c of components) {
      if (c.product === product) counts.set(c.package, (counts.get(c.package) ?? 0) + 1);
    }
  }
  const rows = await trx
    .selectFrom('releases')
    .selectAll()
    .where('product', '=', product)
    .orderBy('created_ms')
    .execute();
  let best: { release: string; version: string; score: number } | null = null;
  for (const { release, version, document } of rows) {
    const { packages } = JSON.parse(document) as { packages: { package: string }[] };
    const score = packages.reduce((sum, entry) => sum + (counts.get(entry.package) ?? 0), 0);
    if (score > 0 && (best === null || score >= best.score)) best = { release, version, score };
  }
  return best === null ? null : { release: best.release, version: best.version };
}
