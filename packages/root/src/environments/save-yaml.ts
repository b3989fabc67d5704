import {
  demandsApproval,
  mappingOf,
  parsePackage,
  parseSelector,
  refuseConflicts,
  selects,
  withSealed,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { EnvironmentYamlSaved } from '../api/schemas/environments.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { follow } from '../deployments/follow-channel.ts';
import { knownRelease, productDirections } from '../deployments/rows.ts';
import { startDeployment } from '../deployments/start.ts';
import { newestTarget } from '../deployments/target.ts';
import { requireEarlier } from '../gates/stage-order/stage-order.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { requireEvidence } from '../publishing/evidence.ts';
import { releaseNamed } from '../publishing/releases.ts';
import { refuseQuarantined } from '../quarantine/refuse.ts';
import { refuseRecalled } from '../recalls/rows.ts';
import type { Root } from '../root.ts';
import { sealedConfigs } from '../secrets/rows.ts';
import { refuseForgotten, refuseNoSwitch } from '../traffic/check-yaml.ts';
import { withServing } from '../traffic/rows.ts';
import { refuseBadProbes, saveAddresses } from '../verification/addresses.ts';
import { refuseBadWindows } from './bad-windows.ts';
import { checkName } from './create.ts';
import { refuseMisfitAt } from './fitting-config.ts';
import { refuseUnknownReleases } from './named-releases.ts';
import { type EnvironmentRow, fullName } from './names.ts';
import { refuseUnknownStage, stagesLock } from './stages.ts';

/**
 * Replaces an environment's YAML. Where it names a release or channel other than what the environment is on its way
 * to, a deployment starts.
 * @throws XylemError E_CONFLICT (changed meanwhile), E_INPUT, E_SELECTOR, E_CONFIG_INVALID, E_COMPONENT_CONFLICT, E_EVIDENCE, E_QUARANTINED, E_WINDOW_INVALID
 */
export async function saveYaml(
  root: Root,
  { name: who, access }: Pick<Who, 'name' | 'access'>,
  row: EnvironmentRow,
  body: { readonly baseVersion: number; readonly yaml: string; readonly dryRun?: boolean | undefined },
): Promise<EnvironmentYamlSaved> {
  const { db, clock } = root;
  const name = fullName(row);
  const spec = withSealed(
    await withServing(db, row.id, checkName(body.yaml, name)),
    await sealedConfigs(db, row.id),
  );
  refuseBadWindows(body.yaml, name, spec, clock.now());
  const probes = {
    environment: row.id,
    before: parseEnvironmentYaml(row.yaml, name),
    after: spec,
    access,
  };
  await refuseBadProbes(db, body.yaml, name, probes);
  await refuseUnknownStage(db, row.tenant, body.yaml, name, spec);
  await refuseUnknownReleases(db, row.id, name, body.yaml, spec);
  await refuseUnfit(db, row, spec, body.yaml);
  await refuseForgotten(db, row.id, { yaml: body.yaml, name, spec });
  await refuseUnwanted(root, row, spec);
  const hasChanged = body.yaml !== row.yaml;
  if (body.baseVersion !== row.yaml_version) throw moved(name, body.baseVersion, row.yaml_version);
  if (hasChanged && body.dryRun !== true) {
    const nowMs = clock.now();
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, stagesLock(row.tenant));
      await refuseUnknownStage(trx, row.tenant, body.yaml, name, spec);
      const { numUpdatedRows } = await trx
        .updateTable('environments')
        .set({ yaml: body.yaml, yaml_version: body.baseVersion + 1 })
        .where('id', '=', row.id)
        .where('yaml_version', '=', body.baseVersion)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw moved(name, body.baseVersion, body.baseVersion + 1);
      await saveAddresses(trx, probes);
      await appendAudit(trx, nowMs, {
        who,
        what: 'environment.yaml',
        subject: `environment/${row.id}`,
        environment: row.id,
        before: { version: body.baseVersion, yaml: row.yaml },
        after: { version: body.baseVersion + 1, yaml: body.yaml },
      });
    });
    await startWhatItNames(root, who, { ...row, yaml: body.yaml, yaml_version: body.baseVersion + 1 }, spec);
    await root.deploying.evaluate(row.id);
    await root.directing.publish(row.id);
  }
  const isSaved = hasChanged && body.dryRun !== true;
  return {
    version: isSaved ? body.baseVersion + 1 : body.baseVersion,
    changed: hasChanged,
    assignments: await assignmentsOf(db, row, spec),
  };
}

type Spec = ReturnType<typeof checkName>;

async function startWhatItNames(
  root: Root,
  who: string,
  environment: EnvironmentRow,
  spec: Spec,
): Promise<void> {
  for (const [product, version] of await releasesToStart(root, environment, spec)) {
    if (spec.products[product]?.release === undefined) await follow(root, environment, product, who);
    else await startDeployment(root, { environment, kind: 'deploy', product, version, who });
  }
}

/** What deployments would refuse is refused before it is saved. @throws XylemError E_EVIDENCE, E_QUARANTINED, E_RECALLED, E_STAGE_ORDER */
async function refuseUnwanted(root: Root, environment: EnvironmentRow, spec: Spec): Promise<void> {
  for (const [product, version] of await releasesToStart(root, environment, spec)) {
    const { release } = await releaseNamed(root.db, product, version);
    const known = await knownRelease(root.db, product, release);
    await refuseQuarantined(root.db, environment, known);
    await requireEvidence(root.db, spec, known);
    // What a channel brings waits for what must come first; what is named is wanted now.
    const isNamed = spec.products[product]?.release !== undefined;
    if (isNamed) await refuseRecalled(root.db, environment.id, known.digest);
    if (isNamed) refuseUnapproved(spec, product, version);
    if (isNamed) await requireEarlier(root.db, { environment, spec, nowMs: root.clock.now() }, known);
  }
}

/** A line of YAML is nobody's approval. @throws XylemError E_APPROVAL_MISSING, E_CHANGE_TICKET */
function refuseUnapproved({ name, policy }: Spec, product: string, version: string): void {
  if (policy.change === 'required')
    throw new XylemError(
      'E_CHANGE_TICKET',
      `${name} demands a change ticket, which its YAML can't name; nothing was saved. Leave \`release\` out: \`xylem deploy ${product}@${version} --to ${name} --change ID\`.`,
    );
  if (!demandsApproval({ rules: policy.approvals ?? [], fourEyes: policy.fourEyes === true })) return;
  throw new XylemError(
    'E_APPROVAL_MISSING',
    `${name} demands approvals, so that its YAML can't begin ${product}@${version}; nothing was saved. Leave \`release\` out and prepare it: \`xylem plan ${product}@${version} --to ${name}\`.`,
  );
}

/** Product and version, where the environment is not on its way there already. */
async function releasesToStart(
  root: Root,
  environment: EnvironmentRow,
  spec: Spec,
): Promise<[string, string][]> {
  const named: [string, string][] = [];
  if (root.restored.isRestored()) return named;
  for (const [product, mapping] of Object.entries(spec.products)) {
    const version = mapping.release ?? (await channelVersion(root.db, product, mapping.channel));
    if (version === undefined) continue;
    const target = await newestTarget(root.db, environment.id, product);
    if (target?.version !== version) named.push([product, version]);
  }
  return named;
}

async function channelVersion(
  db: Database,
  product: string,
  channel: string | undefined,
): Promise<string | undefined> {
  if (channel === undefined) return undefined;
  const row = await db
    .selectFrom('channels')
    .select('version')
    .where('product', '=', product)
    .where('channel', '=', channel)
    .executeTakeFirst();
  return row?.version;
}

/** Checked against every release that runs or is on its way there. */
async function refuseUnfit(db: Database, row: EnvironmentRow, spec: Spec, yaml: string): Promise<void> {
  const packages = [];
  for (const { settled, deployments } of await productDirections(db, row.id)) {
    for (const known of [settled, ...deployments.map(({ release }) => release)]) {
      for (const { package: digest } of known?.release.packages ?? []) {
        const found = await db
          .selectFrom('packages')
          .select('document')
          .where('package', '=', digest)
          .executeTakeFirst();
        if (found !== undefined) packages.push(parsePackage(found.document));
      }
    }
  }
  for (const document of packages) {
    const mapping = Object.hasOwn(spec.products, document.product)
      ? spec.products[document.product]
      : undefined;
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, document.component);
    if (mapped === undefined) continue;
    refuseMisfitAt({ yaml, name: fullName(row) }, document, mapped.config);
    refuseNoSwitch({ yaml, name: fullName(row), spec }, document);
  }
  refuseConflicts(spec, packages);
}

/** What the YAML gives to how many of the hosts that are there now. */
async function assignmentsOf(
  db: Database,
  row: EnvironmentRow,
  spec: Spec,
): Promise<EnvironmentYamlSaved['assignments']> {
  const hosts = (await hostsIn(db, [row.id])).filter((host) => !host.retired);
  const directions = await productDirections(db, row.id);
  return Object.entries(spec.products).flatMap(([product, mapping]) => {
    const direction = directions.find((entry) => entry.product === product);
    const release = direction?.deployments[0]?.release ?? direction?.settled;
    return (release?.release.packages ?? []).flatMap(({ component, version }) => {
      const mapped = mappingOf(mapping, component);
      if (mapped === undefined) return [];
      const selector = parseSelector(mapped.where);
      const fits = hosts.filter((host) => selects(selector, host));
      return [{ component, version: version as string, where: mapped.where, hosts: fits.length }];
    });
  });
}

function moved(name: string, base: number, present: number): XylemError {
  const message = `The YAML of ${name} is at version ${present}, and this was made from ${base}: someone changed it meanwhile.`;
  return new XylemError('E_CONFLICT', message, { details: { baseVersion: base, version: present } });
}
