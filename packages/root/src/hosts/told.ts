import type { Report } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** What of a report is people's doing on the host, and is written down when it changes. */
export type Told = Pick<Report, 'reverts' | 'observing' | 'adoptions'>;

/** Whether a report tells anything of that kind; most don't. */
export const isTelling = ({ reverts = [], observing, adoptions = [] }: Told): boolean =>
  reverts.length > 0 || observing !== undefined || adoptions.length > 0;

/** What the newest reports of these hosts (absent: of all) tell, by host; those that tell nothing are not read. */
export async function toldBefore(
  trx: Database,
  hosts?: readonly string[],
): Promise<ReadonlyMap<string, Told>> {
  const all = trx.selectFrom('reports').select(['host', 'document']).where('told', '=', 1);
  const rows = await (hosts === undefined ? all : all.where('host', 'in', hosts)).execute();
  return new Map(rows.map(({ host, document }) => [host, JSON.parse(document) as Report]));
}
