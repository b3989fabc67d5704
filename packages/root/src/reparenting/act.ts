import { goBack, isReparentingOver, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Access } from '../auth/access.ts';
import type { Who } from '../auth/api-tokens.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { hostNamed } from '../hosts/select.ts';
import type { Root } from '../root.ts';
import { driveReparentings, keep } from './drive.ts';
import {
  noReparenting,
  type ReparentingRow,
  reparentedHosts,
  reparentedOf,
  reparentingLock,
  reparentingNamed,
  reparentingOf,
} from './rows.ts';
import { environmentsOfHosts } from './show.ts';

export type ReparentingAct = 'pause' | 'resume' | 'cancel';

/**
 * Who operates all environments of its hosts stops a reparenting, lets it go on, or has its hosts go back.
 * @throws XylemError E_NOT_FOUND, E_FORBIDDEN, E_CONFLICT
 */
export async function actOnReparenting(root: Root, id: string, act: ReparentingAct, who: Who): Promise<void> {
  const nowMs = root.clock.now();
  const environments = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    const row = await reparentingNamed(trx, id);
    await requireOperator(trx, row, who.access);
    const hosts = (await reparentedHosts(trx, id)).map(reparentedOf);
    const reparenting = reparentingOf(row);
    const { state } = reparenting;
    if (isReparentingOver(reparenting) || state === 'returning')
      throw new XylemError('E_CONFLICT', `The reparenting ${id} is ${state}.`);
    const next = { pause: 'paused', resume: 'running' } as const;
    const step =
      act === 'cancel'
        ? goBack({ reparenting, hosts }, 'cancelled')
        : { reparenting: { ...reparenting, state: next[act] }, hosts: [], note: null };
    const note = act === 'cancel' ? `Cancelled by ${who.name}.` : null;
    await appendAudit(trx, nowMs, {
      who: who.name,
      what: `reparenting.${act}`,
      subject: `reparenting/${id}`,
    });
    return await keep(trx, { ...row, note }, hosts, step, nowMs);
  });
  for (const environment of environments) await root.directing.publish(environment);
  await driveReparentings(root);
}

async function requireOperator(trx: Database, row: ReparentingRow, access: Access): Promise<void> {
  const environments = await environmentsOfHosts(trx, row);
  if (!environments.some(access.within('read'))) throw noReparenting(row.id);
  if (environments.every(access.within('operate'))) return;
  throw new XylemError('E_FORBIDDEN', 'It has hosts in environments that you do not operate.', {
    details: { permission: 'operate' },
  });
}

/** A drained relay gets children again. @throws XylemError E_NOT_FOUND, E_BUSY while it is being drained */
export async function undrain(root: Root, name: string, who: Who): Promise<void> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, reparentingLock);
    const host = await hostNamed(trx, name, who.access.within('operate'));
    if (!host.drained) return;
    const open = await trx
      .selectFrom('reparentings')
      .select('id')
      .where('relay', '=', host.id)
      .where('ended_ms', 'is', null)
      .executeTakeFirst();
    if (open !== undefined)
      throw new XylemError(
        'E_BUSY',
        `${host.name} is being drained. Cancel that: xylem reparenting cancel ${open.id}`,
      );
    await trx.updateTable('hosts').set({ drained_ms: null }).where('id', '=', host.id).execute();
    const { environment } = host;
    await appendAudit(trx, nowMs, {
      who: who.name,
      what: 'relay.undrain',
      subject: `host/${host.id}`,
      environment,
    });
  });
}
