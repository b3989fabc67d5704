import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import type { Root } from '../root.ts';
import { silentAfterMs } from './view.ts';

/** Who takes the place of whom, and at whose word. */
export interface Replacement {
  readonly old: string;
  readonly next: string;
  readonly who: string;
  /** Whether labels, configuration and parents go to the successor: never by a name alone. */
  readonly takesOver: boolean;
}

/** Retires a host as replaced (docs/spec/identity.md), inside the transaction of its cause. */
export async function replaceHost(trx: Database, change: Replacement, nowMs: number): Promise<void> {
  const { old, next, who, takesOver } = change;
  const before = await trx.selectFrom('hosts').selectAll().where('id', '=', old).executeTakeFirstOrThrow();
  await trx.updateTable('hosts').set({ retired: 1, replaced_by: next }).where('id', '=', old).execute();
  const after = await trx.selectFrom('hosts').selectAll().where('id', '=', next).executeTakeFirstOrThrow();
  const labels = { ...(JSON.parse(after.labels) as object), ...(JSON.parse(before.labels) as object) };
  const taken = {
    labels: JSON.stringify(labels),
    config: before.config,
    parents: before.parents,
    parents_rule: before.parents_rule,
  };
  const columns = { replaces: null, ...(takesOver ? taken : {}) };
  await trx.updateTable('hosts').set(columns).where('id', '=', next).execute();
  await appendAudit(trx, nowMs, {
    who,
    what: 'host.replace',
    subject: `host/${old}`,
    environment: before.environment,
    after: { name: before.name, replacedBy: next, ...(takesOver ? taken : {}) },
  });
}

/**
 * What becomes of a host that has just joined under a name that is taken: by a token that says so it replaces the other
 * at once, else it succeeds it once that is silent (`retireReplaced`).
 */
export async function welcomeSuccessor(
  trx: Database,
  host: { readonly id: string; readonly name: string; readonly environment: string },
  token: { readonly id: string; readonly replaces: string | null },
  nowMs: number,
): Promise<void> {
  const others = await trx
    .selectFrom('hosts')
    .select('id')
    .where('environment', '=', host.environment)
    .where('name', '=', host.name)
    .where('retired', '=', 0)
    .where('id', '<>', host.id)
    .orderBy('joined_ms', 'desc')
    .execute();
  const [newest] = others;
  if (newest === undefined) return;
  if (token.replaces !== host.name) {
    await trx.updateTable('hosts').set({ replaces: newest.id }).where('id', '=', host.id).execute();
    return;
  }
  const who = `token/${token.id}`;
  for (const { id } of others) {
    const change = { old: id, next: host.id, who, takesOver: id === newest.id };
    await replaceHost(trx, change, nowMs);
  }
}

/** Retires hosts whose successors are there while they themselves have fallen silent. */
export async function retireReplaced(root: Root): Promise<void> {
  const { db, clock } = root;
  const waiting = await db
    .selectFrom('hosts as n')
    .innerJoin('hosts as o', 'o.id', 'n.replaces')
    .innerJoin('environments as e', 'e.id', 'n.environment')
    .leftJoin('host_states as r', 'r.host', 'o.id')
    .leftJoin('host_states as s', 's.host', 'n.id')
    .select([
      'n.id as next',
      'n.joined_ms as joinedMs',
      'o.id as old',
      'o.joined_ms as oldJoinedMs',
      'o.retired as oldRetired',
      'r.heard_ms as heardMs',
      's.heard_ms as nextHeardMs',
      'e.id as id',
      'e.tenant as tenant',
      'e.environment as environment',
      'e.yaml as yaml',
    ])
    .where('n.retired', '=', 0)
    .execute();
  for (const row of waiting) {
    const { next, old, heardMs, nextHeardMs } = row;
    const nowMs = clock.now();
    if (row.oldRetired === 1 || (heardMs !== null && heardMs > row.joinedMs)) {
      // It lives: two machines have the name, and an operator says what becomes of them.
      await db.updateTable('hosts').set({ replaces: null }).where('id', '=', next).execute();
      continue;
    }
    const { policy } = parseEnvironmentYaml(row.yaml, fullName(row));
    const silentSinceMs = heardMs ?? row.oldJoinedMs;
    if (nextHeardMs === null || nowMs - silentSinceMs <= silentAfterMs(policy.reportEverySeconds)) continue;
    await db
      .transaction()
      .execute((trx) => replaceHost(trx, { old, next, who: 'root', takesOver: false }, nowMs));
    await root.directing.publish(row.id);
    await root.deploying.evaluate(row.id);
  }
}
