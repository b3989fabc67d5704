import { timeOf } from '@xylem/core';
import { allEnvironments, fullName } from '../environments/names.ts';
import { expiringRoles } from '../fleet/expiring.ts';
import { spokenStates } from '../fleet/state-counts.ts';
import { silentAfterMs } from '../hosts/view.ts';
import type { Root } from '../root.ts';
import { clearSigns, noteSigns, reconcileSigns, type SeenSign } from './signs.ts';

interface Parts extends Pick<Root, 'db' | 'clock' | 'startedMs'> {
  readonly restored: Pick<Root['restored'], 'isRestored'>;
  readonly directing: {
    environments(): readonly string[];
    state(environment: string): { readonly policy: { readonly reportEverySeconds: number } } | null;
  };
}

/** What no report says: who fell silent, who is gone, whose key two machines have. Looked at by the clock. */
export async function watchHosts(root: Parts): Promise<void> {
  if (root.restored.isRestored()) return;
  for (const environment of root.directing.environments()) await watchSilence(root, environment);
  await watchClones(root);
  await forgetGone(root);
}

/** Who was away itself gives hosts one period to report before it calls anyone silent. */
async function watchSilence({ db, clock, directing, startedMs }: Parts, environment: string): Promise<void> {
  const period = directing.state(environment)?.policy.reportEverySeconds;
  if (period === undefined) return;
  const key = 'host-silent';
  const nowMs = clock.now();
  const beforeMs = nowMs - silentAfterMs(period);
  const isListening = nowMs - startedMs > period * 1000;
  await db.transaction().execute(async (trx) => {
    const heard = await trx
      .selectFrom('incident_signs as s')
      .innerJoin('host_states as r', (join) =>
        join.onRef('r.host', '=', 's.host').onRef('r.reported_in', '=', 's.environment'),
      )
      .select(['s.environment', 's.key', 's.subject'])
      .where('s.environment', '=', environment)
      .where('s.key', '=', key)
      .where('s.cleared_ms', 'is', null)
      .where('r.heard_ms', '>=', beforeMs)
      .execute();
    await clearSigns(trx, heard, nowMs);
    if (!isListening) return;
    const silent = await trx
      .selectFrom('host_states as r')
      .leftJoin('incident_signs as s', (join) =>
        join
          .onRef('s.environment', '=', 'r.environment')
          .on('s.key', '=', key)
          .onRef('s.subject', '=', 'r.host')
          .on('s.cleared_ms', 'is', null),
      )
      .select((e) => ['r.host', e.ref('r.heard_ms').$notNull().as('sinceMs')])
      .where('r.environment', '=', environment)
      .where('r.state', 'in', spokenStates)
      .where('r.heard_ms', '<', beforeMs)
      .where('s.subject', 'is', null)
      .execute();
    const signs = silent.map(
      ({ host, sinceMs }): SeenSign => ({
        environment,
        key,
        subject: host,
        isHost: true,
        sinceMs,
        message: `The last report came at ${timeOf(sinceMs)}.`,
      }),
    );
    await noteSigns(trx, signs, nowMs);
  });
}

async function watchClones({ db, clock }: Parts): Promise<void> {
  const rows = await db
    .selectFrom('hosts')
    .select(['id', 'environment', 'cloned'])
    .where('cloned', 'is not', null)
    .where('retired', '=', 0)
    .where('revoked_ms', 'is', null)
    .execute();
  await reconcileSigns(
    { db, clock },
    'host-cloned',
    rows.map(({ id, environment, cloned }) => {
      const { sinceMs, what } = JSON.parse(cloned ?? '{}') as { sinceMs: number; what: string };
      return { environment, key: 'host-cloned', subject: id, isHost: true, sinceMs, message: what };
    }),
  );
}

/** People sign these by hand; `xylem status` names them three months before. */
const warnBeforeMs = 30 * 24 * 3_600_000;

/** Roles that people must sign anew soon. Reading them costs a file for each environment. */
export async function watchExpiries(root: Root): Promise<void> {
  if (root.restored.isRestored()) return;
  const nowMs = root.clock.now();
  const environments = await allEnvironments(root.db);
  const ids = new Map(environments.map((row) => [fullName(row), row.id]));
  const ends = await expiringRoles(root, environments, true);
  const soon = ends.filter(({ expires }) => Date.parse(expires) - nowMs < warnBeforeMs);
  await reconcileSigns(
    root,
    'expiring/',
    soon.map(({ role, environment, expires }) => ({
      environment: environment === null ? '' : (ids.get(environment) ?? ''),
      key: `expiring/${role}`,
      subject: role,
      isHost: false,
      sinceMs: Math.min(nowMs, Date.parse(expires) - warnBeforeMs),
      message: `It ends at ${expires}.`,
    })),
  );
}

/** Nothing more is seen of hosts that were retired, revoked or moved. */
async function forgetGone({ db, clock }: Parts): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('incident_signs as s')
      .leftJoin('hosts as h', 'h.id', 's.host')
      .select(['s.environment', 's.key', 's.subject'])
      .where('s.host', 'is not', null)
      .where('s.cleared_ms', 'is', null)
      .where((e) =>
        e.or([
          e('h.id', 'is', null),
          e('h.retired', '=', 1),
          e('h.revoked_ms', 'is not', null),
          e('h.environment', '!=', e.ref('s.environment')),
        ]),
      )
      .execute();
    await clearSigns(trx, rows, clock.now());
  });
}
