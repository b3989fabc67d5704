import { type Report, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { activeDeployments, deploymentOf, saveDeployment } from '../deployments/rows.ts';
import { withComponents } from '../environments/edit-yaml.ts';
import { allEnvironments, type EnvironmentRow, fullName, refOf } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { askRelays } from './ask-relays.ts';
import { writeFloor } from './floors.ts';
import { heardSince, highest, highestRelease } from './heard.ts';

/**
 * Hosts report the snapshots that they accepted, not the timestamps, and some have not reported yet: what is signed
 * next stays above them by a margin, a quarter of an hour ahead of the clock at most.
 */
const unheardVersions = 1000;
const maxSelectorLength = 4096;

/**
 * Ends restored mode. `hosts`: the releases that most of the heard hosts run become what should run; `backup`: what
 * the backup says is directed again. Deployments that were under way when the backup was taken are over either way.
 * All that is signed from then on lies above what hosts have accepted, so that none takes it for an attack.
 * @throws XylemError E_CONFLICT (not restored), E_NOT_FOUND (hosts run a release that is not in the backup)
 */
export async function confirmRestore(root: Root, keep: 'hosts' | 'backup', who: string) {
  const mark = root.restored.read();
  if (mark === null)
    throw new XylemError('E_CONFLICT', 'This root server was not restored, or is confirmed already.');
  await askRelays(root);
  const heard = await heardSince(root, mark);
  const environments = await allEnvironments(root.db);
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    for (const row of await activeDeployments(trx)) {
      const reason = 'It was under way when the backup was taken.';
      await saveDeployment(trx, { ...deploymentOf(row), state: 'aborted', reason }, nowMs);
    }
    if (keep === 'hosts') {
      for (const environment of environments) await adoptRunning(trx, environment, heard);
    }
    await appendAudit(trx, nowMs, {
      who,
      what: 'root.restore.confirm',
      subject: 'root',
      before: { taken: mark.taken, unknownHosts: mark.unknownHosts },
      after: { keep, hostsHeard: heard.length },
    });
    for (const { id } of environments) {
      const { number, snapshot } = highest(heard, id);
      await writeFloor(trx, id, { number: number + 1, version: snapshot + unheardVersions });
    }
    if (root.releases !== null) {
      const { repository } = root.releases;
      await writeFloor(trx, repository, {
        number: 0,
        version: highestRelease(heard, repository) + unheardVersions,
      });
    }
    await root.restored.clear(trx);
  });
  root.restored.cleared();
  await root.releases?.publish();
  for (const { id } of environments) await root.directing.publish(id);
  return { environments: environments.map(refOf), kept: keep };
}

/** Makes the release that most hosts run, of each product, the settled one. */
async function adoptRunning(
  trx: Database,
  environment: EnvironmentRow,
  heard: readonly Report[],
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
    await mapProduct(trx, environment, product, own);
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
 * A product that the backup's YAML does not map (it was deployed later) is mapped to just those hosts that run it:
 * keeping what hosts run must not give it to others.
 * @throws XylemError E_CONFLICT when these are too many to be named
 */
async function mapProduct(
  trx: Database,
  environment: EnvironmentRow,
  product: string,
  reports: readonly Report[],
): Promise<void> {
  const row = await trx
    .selectFrom('environments')
    .select(['yaml', 'yaml_version'])
    .where('id', '=', environment.id)
    .executeTakeFirstOrThrow();
  const hostsOf = new Map<string, string[]>();
  for (const { host, components } of reports) {
    for (const c of components.filter((candidate) => candidate.product === product)) {
      hostsOf.set(c.component, [...(hostsOf.get(c.component) ?? []), host]);
    }
  }
  const where = [...hostsOf].map(([name, hosts]) => [name, `id in (${hosts.sort().join(', ')})`] as const);
  const yaml = withComponents(row.yaml, product, where);
  if (yaml === row.yaml) return;
  const tooLong = where.find(([, selector]) => selector.length > maxSelectorLength);
  if (tooLong !== undefined) {
    const message = `The YAML of ${fullName(environment)} in the backup does not name ${product}. Add it by \`xylem env edit\`, then confirm.`;
    throw new XylemError('E_CONFLICT', message, { details: { product } });
  }
  await trx
    .updateTable('environments')
    .set({ yaml, yaml_version: row.yaml_version + 1 })
    .where('id', '=', environment.id)
    .execute();
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
