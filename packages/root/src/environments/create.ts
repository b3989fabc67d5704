import { type EnvironmentId, timeOf, XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { repositoryIdOf, signRoot } from '@xylem/trust';
import type { Environment } from '../api/schemas/environments.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import { lockFor } from '../db/lock.ts';
import { waitingStarts } from '../deployments/waiting.ts';
import { shownFreeze } from '../freezes/rows.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { makeDirectionKeys, saveDirectionKeys } from '../keys/root-keys.ts';
import { writeRepositoryFiles } from '../publishing/repository-files.ts';
import type { Root } from '../root.ts';
import { refuseBadProbes, saveAddresses } from '../verification/addresses.ts';
import { refuseBadWindows } from './bad-windows.ts';
import { firstYaml } from './edit-yaml.ts';
import { type EnvironmentRow, environmentNamed, fullName, splitName } from './names.ts';
import { refuseUnknownStage, stagesLock } from './stages.ts';
import { refuseBadStatementKeys } from './statement-keys.ts';

/**
 * Creates an environment: a direction repository with a root and keys of its own, and its YAML. What is interrupted
 * leaves keys and files of an id that nobody knows.
 * @throws XylemError E_CONFLICT, E_INPUT, E_WINDOW_INVALID
 */
export async function createEnvironment(
  root: Root,
  { name: who, access }: Pick<Who, 'name' | 'access'>,
  body: { readonly name: string; readonly yaml?: string | undefined },
): Promise<Environment> {
  const { db, clock } = root;
  const name = splitName(body.name, root.config.tenant);
  const yaml = body.yaml ?? firstYaml(fullName(name));
  const spec = checkName(yaml, fullName(name));
  refuseBadWindows(yaml, fullName(name), spec, clock.now());
  await refuseBadProbes(db, yaml, fullName(name), { environment: '', before: null, after: spec, access });
  await refuseUnknownStage(db, name.tenant, yaml, fullName(name), spec);
  await refuseKnown(root, name);
  const nowMs = clock.now();
  const keys = makeDirectionKeys();
  const first = await signRoot({
    roles: {
      root: { keys: [keys.root] },
      targets: { keys: [keys.director] },
      snapshot: { keys: [keys.snapshot] },
      timestamp: { keys: [keys.timestamp] },
    },
    signers: [keys.root],
    nowMs,
  });
  const id = repositoryIdOf(first.file.bytes);
  await saveDirectionKeys(root.paths.keys, id, keys);
  await writeRepositoryFiles(root.repository, id, [first.file]);
  await db.transaction().execute(async (trx) => {
    await lockFor(trx, stagesLock(name.tenant));
    await refuseUnknownStage(trx, name.tenant, yaml, fullName(name), spec);
    const known = await trx
      .insertInto('tenants')
      .values({ tenant: name.tenant, created_ms: nowMs })
      .onConflict((c) => c.column('tenant').doNothing())
      .returning('tenant')
      .executeTakeFirst();
    const row = { id, ...name, yaml, yaml_version: 1, created_ms: nowMs };
    await trx.insertInto('environments').values(row).execute();
    await saveAddresses(trx, { environment: id, before: null, after: spec, access });
    const after = { name: fullName(name), newTenant: known !== undefined };
    const subject = `environment/${id}`;
    await appendAudit(trx, nowMs, { who, what: 'environment.create', subject, environment: id, after });
  });
  await root.directing.publish(id);
  return await showEnvironment(root, await environmentNamed(db, fullName(name), root.config.tenant));
}

async function refuseKnown(root: Root, name: { tenant: string; environment: string }): Promise<void> {
  const known = await root.db
    .selectFrom('environments')
    .select('id')
    .where('tenant', '=', name.tenant)
    .where('environment', '=', name.environment)
    .executeTakeFirst();
  if (known === undefined) return;
  throw new XylemError('E_CONFLICT', `There is already an environment ${fullName(name)}.`, {
    details: { id: known.id },
  });
}

/** The YAML must be of this environment: a file applied to another one is a mistake. @throws XylemError E_INPUT */
export function checkName(yaml: string, name: string): ReturnType<typeof parseEnvironmentYaml> {
  const spec = parseEnvironmentYaml(yaml, name);
  refuseBadStatementKeys(yaml, name, spec);
  if (spec.name === name || `default/${name.split('/')[1]}` === spec.name) return spec;
  throw new XylemError('E_INPUT', `The YAML is of the environment ${spec.name}, not ${name}.`, {
    details: { key: 'environment', expected: name },
  });
}

export async function showEnvironment(root: Root, row: EnvironmentRow): Promise<Environment> {
  const hosts = await hostsIn(root.db, [row.id]);
  const spec = parseEnvironmentYaml(row.yaml, fullName(row));
  return {
    id: row.id,
    name: fullName(row),
    tenant: row.tenant,
    environment: row.environment,
    stage: spec.stage ?? null,
    labels: { ...spec.labels },
    waiting: (await waitingStarts(root.db, row.id)).map(({ product, version, code, reason, since_ms }) => ({
      product,
      version,
      code,
      reason,
      since: timeOf(since_ms),
    })),
    number: root.directing.state(row.id)?.number ?? 0,
    snapshotVersion: root.directing.snapshotVersion(row.id as EnvironmentId),
    hosts: hosts.filter((host) => !host.retired).length,
    created: timeOf(row.created_ms),
    freeze: await shownFreeze(root.db, row.id, root.clock.now()),
  };
}
