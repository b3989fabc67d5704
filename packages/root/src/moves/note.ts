import { appendAudit } from '../audit/audit.ts';
import { withOrigin } from '../audit/origin.ts';
import type { Database } from '../db/tables.ts';
import { type MoveRequest, type Side, tenantOf } from './rows.ts';

/**
 * One entry for each side: of its own people by name, of the other's as that tenant. `side` null: by nobody, such as the
 * end of its time.
 */
export async function note(
  trx: Database,
  nowMs: number,
  request: MoveRequest,
  what: string,
  { side, who, after }: { readonly side: Side | null; readonly who: string; readonly after: object },
): Promise<void> {
  const entry = { who, what, subject: `move/${request.id}`, after: { ...after, hosts: request.hosts } };
  for (const mine of ['gives', 'takes'] as const) {
    const environment = mine === 'gives' ? request.from.id : request.to?.id;
    if (environment === undefined) continue;
    const write = () => appendAudit(trx, nowMs, { ...entry, environment });
    if (side === mine) await write();
    // Whose request is being answered just now is the other side's affair, too, when it is nobody's word.
    else
      await withOrigin({ who: side === null ? who : `tenant/${tenantOf(request, side)}`, from: null }, write);
  }
}
