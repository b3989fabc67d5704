import type { Report } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** What of a report is people's doing on the host, and is written down when it changes. */
export type Told = Pick<Report, 'reverts' | 'observing' | 'adoptions'>;

const marks = ['"reverts":[', '"observing":{', '"adoptions":['];

/** What the newest reports of these hosts (absent: of all) tell, by host; most tell nothing, and are not read. */
export async function toldBefore(
  trx: Database,
  hosts?: readonly string[],
): Promise<ReadonlyMap<string, Told>> {
  const all = trx
    .selectFrom('reports')
    .select(['host', 'document'])
    .where((one) => one.or(marks.map((mark) => one('document', 'like', `%${mark}%`))));
  const rows = await (hosts === undefined ? all : all.where('host', 'in', hosts)).execute();
  return new Map(rows.map(({ host, document }) => [host, JSON.parse(document) as Report]));
}
