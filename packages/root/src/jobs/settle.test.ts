import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { sql } from 'kysely';
import { openDatabase } from '../db/open.ts';
import { jobRuns } from './rows.ts';
import { settleJobs } from './settle.ts';

const nowMs = 1_000_000;

test('of 40,000 orders that are not over those that nobody will hear of are lost, and what they are of is directed', async (t) => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(t, 'db'), 'root.db') });
  t.after(() => db.destroy());
  // Only hosts and orders are looked at: there are no environments.
  await sql`pragma foreign_keys = off`.execute(db);
  const numbers = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)`;
  await sql`insert into hosts (id, environment, name, key, labels, parents, config, kept, serve, serves, retired,
      certificate_expires_ms, joined_ms, token, revoked_ms)
    ${numbers} select 'h' || i, case when i = 2 then 'elsewhere' else 'here' end, 'h' || i, 'key' || i, '{}', '[]',
      '{}', '{}', 0, '[]', i = 3, 0, 0, 't', case when i = 4 then 1 end from n`.execute(db);
  await sql`insert into job_runs (id, environment, product, component, version, package, job, host, stopped, state,
      note, ordered_by, ordered_ms, timeout_ms, deadline_ms)
    ${numbers} select 'r' || i, 'here', 'shop', 'api', '1.0.0', 'p', 'smoke', 'h' || i, 0, 'ordered',
      case when i = 5 then 'It has no room.' end, 'anna', 0, 1, case when i = 5 then ${nowMs} else ${nowMs + 1} end
    from n`.execute(db);
  const published: string[] = [];
  const woken: string[] = [];
  await settleJobs({
    db,
    clock: { now: () => nowMs } as never,
    restored: { isRestored: () => false } as never,
    directing: { publish: async (id: string) => void published.push(id) } as never,
    deploying: { wakePlans: (id: string) => void woken.push(id) } as never,
  });
  const lost = await jobRuns(db, { states: ['lost'] });
  assert.deepEqual(Object.fromEntries(lost.map(({ id, note }) => [id, note])), {
    r2: 'Its host left the environment.',
    r3: 'Its host was retired.',
    r4: 'Its host was revoked.',
    r5: 'Nothing was heard of its end in time. The last that it said: It has no room.',
  });
  assert.deepEqual([published, woken], [['here'], ['here']]);
});
