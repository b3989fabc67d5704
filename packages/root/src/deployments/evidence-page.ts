import type { QueryOf, ResponseOf } from '../api/contract.ts';
import type { Database } from '../db/tables.ts';
import { recordsAfter } from './records.ts';
import { deploymentNamed, deploymentOf } from './rows.ts';
import { watchOf } from './watches.ts';

/**
 * A page of records, with how many there must be: what is appended while it is read is for the next time.
 * @throws XylemError E_NOT_FOUND
 */
export async function evidencePage(
  db: Database,
  id: string,
  { of, after: from = '0' }: QueryOf<'deploymentEvidence'>,
): Promise<ResponseOf<'deploymentEvidence'>> {
  const { decided = 0 } = deploymentOf(await deploymentNamed(db, id));
  const found = await watchOf(db, id);
  const after = Number(from);
  const { records, hasMore } =
    of === 'watch'
      ? await recordsAfter(db, 'watch_evidence', id, { after, upTo: found?.recorded ?? 0 })
      : await recordsAfter(db, 'deployment_evidence', id, { after, upTo: decided });
  return {
    records: [...records],
    hasMore,
    decided,
    watch: found && {
      state: found.state,
      document: JSON.stringify(found.watch),
      recorded: found.recorded,
    },
  };
}
