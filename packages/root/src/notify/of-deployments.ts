import type { Database } from '../db/tables.ts';
import type { NewEvent } from '../deployments/events.ts';
import { notify } from './notify.ts';

/** What happens again and again within one state: of these people ask the deployment. */
const untold: ReadonlySet<string> = new Set([
  'progress',
  'threshold',
  'admit',
  'hold',
  'host-failed',
  'unfit',
]);

/** Tells of a deployment's transition, in its transaction. */
export async function notifyOfDeployment(
  trx: Database,
  id: string,
  nowMs: number,
  { kind, message, details }: NewEvent,
): Promise<void> {
  if (untold.has(kind)) return;
  const row = await trx
    .selectFrom('deployments')
    .select(['environment', 'kind', 'product', 'document', 'plan'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return;
  const { to, from } = JSON.parse(row.document) as Record<'to' | 'from', { version: string } | null>;
  await notify(trx, nowMs, {
    topic: `deployment.${kind.toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-')}`,
    environment: row.environment,
    plan: row.plan,
    subject: `deployment/${id}`,
    message,
    data: {
      ...details,
      deployment: id,
      kind: row.kind,
      product: row.product,
      version: to?.version ?? null,
      from: from?.version ?? null,
    },
  });
}
