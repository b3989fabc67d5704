import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { candidateOf } from '../deployments/candidate.ts';
import { fullName } from '../environments/names.ts';
import { survey } from './facts.ts';
import { givenTo, sortKey } from './given.ts';
import type { KnownPlan } from './rows.ts';

const pageSize = 500;

/** The hosts that a plan would change by what is known now, by name; an environment after the other. */
export async function planHosts(
  db: Database,
  { version: { document } }: KnownPlan,
  within: Within,
  { after, limit }: { readonly after?: string | undefined; readonly limit?: string | undefined },
  nowMs: number,
) {
  const ids = document.stages.flatMap(({ environments }) =>
    environments.map((one) => one.environment as string),
  );
  const rows = await db.selectFrom('environments').selectAll().where('id', 'in', ids).execute();
  const { kind, product, version } = document;
  const found = [];
  const most = Math.min(Number(limit ?? pageSize), 1_000);
  for (const id of ids) {
    const environment = rows.find((row) => row.id === id);
    if (environment === undefined || !within(environment)) continue;
    const name = fullName(environment);
    // Environments before the one that the last page ended in are told already.
    const [lastEnvironment = '', ...last] = (after ?? '').split(' ');
    if (after !== undefined && ids.indexOf(id) < ids.indexOf(lastEnvironment)) continue;
    const wanted = { environment, kind, product, skipUnfit: true, ...(version === null ? {} : { version }) };
    const { changes } = givenTo(await survey(db, await candidateOf(db, wanted, nowMs), false));
    for (const change of changes) {
      const key = sortKey(change);
      if (after !== undefined && id === lastEnvironment && key <= last.join(' ')) continue;
      if (found.length === most)
        return { changes: found.map(({ shown }) => shown), after: found.at(-1)?.key ?? null };
      found.push({ key: `${id} ${key}`, shown: { environment: name, ...change } });
    }
  }
  return { changes: found.map(({ shown }) => shown), after: null };
}
