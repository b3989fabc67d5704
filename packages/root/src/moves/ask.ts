import { XylemError } from '@xylem/core';
import type { Who } from '../auth/api-tokens.ts';
import { accountOf, originOf } from '../auth/origin.ts';
import { lockFor } from '../db/lock.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { refuseUnmovable, refuseUntrusted } from './eligible.ts';
import { note } from './note.ts';
import { type MoveRequest, moveRequests, type Word } from './rows.ts';

export interface Asked {
  readonly hosts: readonly HostRecord[];
  /** `tenant/environment`, of another tenant than the hosts'. */
  readonly to: { readonly tenant: string; readonly environment: string };
  readonly keepData: boolean;
  readonly expiresInSeconds?: number | undefined;
  readonly who: Who;
  readonly dryRun: boolean;
}

const defaultSeconds = 7 * 24 * 3600;
const mostHosts = 1000;
const mostOpen = 100;

/**
 * Asks that hosts go to another tenant; nothing moves. Whether there is the environment that they shall go to is not
 * said to who does not read it. @throws XylemError E_INPUT, E_CONFLICT, E_TRUST
 * @returns null for a dry run
 */
export async function askForMove(root: Root, asked: Asked): Promise<MoveRequest | null> {
  const { to, who, keepData, dryRun } = asked;
  if (asked.hosts.length > mostHosts)
    throw new XylemError('E_INPUT', `A move request names at most ${mostHosts} hosts.`);
  const id = `m-${root.randomness.bytes(6).toString('hex')}`;
  const nowMs = root.clock.now();
  return await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'moves');
    const ids = new Set(asked.hosts.map((host) => host.id));
    const environments = [...new Set(asked.hosts.map(({ environment }) => environment))];
    const hosts = (await hostsIn(trx, environments)).filter((host) => ids.has(host.id));
    await refuseUnmovable(trx, hosts, null, nowMs);
    const target = await trx
      .selectFrom('environments')
      .selectAll()
      .where('tenant', '=', to.tenant)
      .where('environment', '=', to.environment)
      .executeTakeFirst();
    const isSeen = target !== undefined && who.access.in('read', target);
    if (isSeen) await refuseUntrusted(trx, hosts, target, root.config.releaseRepository);
    const from = environments[0] ?? '';
    const open = await trx
      .selectFrom('move_requests')
      .select('id')
      .where('from_environment', '=', from)
      .where('state', '=', 'open')
      .where('expires_ms', '>', nowMs)
      .execute();
    if (open.length >= mostOpen)
      throw new XylemError('E_CONFLICT', `${mostOpen} move requests are open here. Cancel some first.`);
    if (dryRun) return null;
    const word: Word = {
      account: accountOf(who),
      origin: await originOf(trx, who),
      name: who.subject,
      atMs: nowMs,
    };
    await trx
      .insertInto('move_requests')
      .values({
        id,
        from_environment: from,
        to_environment: target?.id ?? null,
        to_name: fullName(to),
        keep_data: keepData ? 1 : 0,
        state: 'open',
        asked: JSON.stringify(word),
        asked_ms: nowMs,
        expires_ms: nowMs + (asked.expiresInSeconds ?? defaultSeconds) * 1000,
        parents: '[]',
      })
      .execute();
    for (const host of hosts)
      await trx.insertInto('moved_hosts').values({ move: id, host: host.id }).execute();
    const [request] = await moveRequests(trx, { id, nowMs });
    if (request === undefined) throw new TypeError('it was just written');
    const after = { to: fullName(to), from: request.from.tenant, keepData };
    await note(trx, nowMs, request, 'move.ask', { side: 'gives', who: who.name, after });
    return request;
  });
}

/** Of these hosts: all of the tenant, none of it, or (refused) some. @throws XylemError E_INPUT */
export function isWithin(
  hosts: readonly HostRecord[],
  environments: ReadonlyMap<string, EnvironmentRow>,
  tenant: string,
): boolean {
  const own = hosts.filter(({ environment }) => environments.get(environment)?.tenant === tenant);
  if (own.length === 0) return false;
  if (own.length === hosts.length) return true;
  throw new XylemError(
    'E_INPUT',
    `Some of these hosts are of the tenant ${tenant} and others are not: move them by themselves.`,
  );
}
