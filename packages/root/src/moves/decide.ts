import { XylemError } from '@xylem/core';
import type { Access } from '../auth/access.ts';
import type { Who } from '../auth/api-tokens.ts';
import { requireAnother } from '../auth/four-eyes.ts';
import { accountOf, originOf } from '../auth/origin.ts';
import { stillMay } from '../auth/still-may.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { type HostRecord, hostsIn } from '../hosts/host-rows.ts';
import type { Root } from '../root.ts';
import { carryOut, directMoved } from './carry-out.ts';
import { refuseUnmovable, refuseUntrusted } from './eligible.ts';
import { note } from './note.ts';
import {
  type MoveRequest,
  requestFor,
  requireOpen,
  type Side,
  sidesOf,
  tenantOf,
  updateRequest,
  type Word,
} from './rows.ts';

export interface Decided {
  readonly id: string;
  /** Why it is not done though both sides have approved: one approval is void. */
  readonly note: string | null;
}

const other = (side: Side): Side => (side === 'gives' ? 'takes' : 'gives');

/** The side for which somebody approves or refuses. @throws XylemError E_FORBIDDEN, E_INPUT (both, and not said which) */
function administeredSide(request: MoveRequest, who: Who, asked: Side | undefined): Side {
  const own = sidesOf(request, ({ tenant }) => who.access.inTenant('administer', tenant));
  const side = asked ?? own[0];
  if (side === undefined || !own.includes(side)) {
    throw new XylemError(
      'E_FORBIDDEN',
      `This needs the permission to administer the tenant of the side, which ${who.name} does not have.`,
      { details: { permission: 'administer' } },
    );
  }
  if (asked === undefined && own.length > 1) {
    throw new XylemError(
      'E_INPUT',
      'You administer both tenants: say for which side, --side gives or --side takes.',
    );
  }
  return side;
}

/**
 * Approves for one side; the last approval moves the hosts, in one transaction with it (docs/spec/moves.md).
 * @throws XylemError E_NOT_FOUND, E_FORBIDDEN, E_INPUT, E_CONFLICT, E_TRUST, E_FOUR_EYES
 */
export async function approveMove(
  root: Root,
  who: Who,
  id: string,
  given: { readonly side?: Side | undefined; readonly parents?: readonly string[] | undefined },
): Promise<Decided> {
  const nowMs = root.clock.now();
  const decided = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'moves');
    const { request, sides } = await requestFor(trx, id, who.access, nowMs);
    const side = administeredSide(request, who, given.side);
    requireOpen(request);
    if (request[side] !== null)
      throw new XylemError(
        'E_CONFLICT',
        `This side of ${id} has approved already. Refuse or cancel it to go back.`,
      );
    if (given.parents !== undefined && side !== 'takes')
      throw new XylemError('E_INPUT', 'Parents are given by the taking side, whose they are.');
    const theirs = request[other(side)];
    const others = [request.asked.origin, ...(theirs === null ? [] : [theirs.origin])];
    await requireAnother(trx, who, others);
    const hosts = await hostsOf(trx, request);
    // Names are the giving side's: what is refused to another speaks of ids.
    const named = sides.includes('gives') ? hosts : hosts.map((host) => ({ ...host, name: host.id }));
    await refuseUnmovable(trx, named, id, nowMs);
    const word: Word = {
      account: accountOf(who),
      groups: who.groups,
      origin: await originOf(trx, who),
      name: who.subject,
      atMs: nowMs,
    };
    const parents = given.parents ?? request.parents;
    const isVoid = await voidReason(trx, root, request, side, named, nowMs);
    await updateRequest(trx, id, {
      [side]: JSON.stringify(word),
      parents: JSON.stringify(parents),
      ...(isVoid === null ? {} : { [other(side)]: null }),
    });
    await note(trx, nowMs, request, 'move.approve', { side, who: who.name, after: { side, void: isVoid } });
    const isLast = theirs !== null && isVoid === null;
    if (isLast) await carryOut(trx, root, { ...request, parents, [side]: word }, hosts, nowMs);
    return { note: isVoid, moved: isLast ? request : null };
  });
  if (decided.moved !== null) await directMoved(root, decided.moved);
  return { id, note: decided.note };
}

/** @throws XylemError E_CONFLICT where one of them is elsewhere or gone */
async function hostsOf(trx: Database, { from, hosts }: MoveRequest): Promise<HostRecord[]> {
  const ids = new Set(hosts);
  const found = (await hostsIn(trx, [from.id])).filter(({ id }) => ids.has(id));
  const left = hosts.length - found.length;
  if (left === 0) return found;
  throw new XylemError(
    'E_CONFLICT',
    `${left} of the hosts of this request are elsewhere by now. Cancel it and ask anew.`,
  );
}

/**
 * Why the other side's approval does not count any more. What the taking side maps is its own affair: where it has
 * changed since, the giving side hears no more than that.
 * @throws XylemError E_TRUST, to the taking side
 */
async function voidReason(
  trx: Database,
  root: Root,
  request: MoveRequest,
  side: Side,
  hosts: readonly HostRecord[],
  nowMs: number,
): Promise<string | null> {
  const theirs = request[other(side)];
  const { to } = request;
  if (side === 'takes' && to !== null) await refuseUntrusted(trx, hosts, to, root.config.releaseRepository);
  if (theirs === null) return null;
  const tenant = tenantOf(request, other(side));
  const administers = (access: Access): boolean => access.inTenant('administer', tenant);
  if (!(await stillMay(trx, theirs, administers, nowMs)))
    return 'Who approved for the other side may do so no more: somebody else there has to.';
  if (side === 'takes' || to === null) return null;
  try {
    await refuseUntrusted(trx, hosts, to, root.config.releaseRepository);
    return null;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return 'The taking side has changed since it approved: it has to look at it again.';
  }
}

/** @throws XylemError E_NOT_FOUND, E_FORBIDDEN, E_INPUT, E_CONFLICT */
export async function refuseMove(
  root: Root,
  who: Who,
  id: string,
  { side: asked, reason }: { readonly side?: Side | undefined; readonly reason: string },
): Promise<Decided> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'moves');
    const { request } = await requestFor(trx, id, who.access, nowMs);
    const side = administeredSide(request, who, asked);
    requireOpen(request);
    await updateRequest(trx, id, { state: 'refused', ended_ms: nowMs, ended_side: side, reason });
    await note(trx, nowMs, request, 'move.refuse', { side, who: who.name, after: { side, reason } });
  });
  return { id, note: null };
}

/** Takes the request back; who operates where the hosts are may. @throws XylemError E_NOT_FOUND, E_FORBIDDEN, E_CONFLICT */
export async function cancelMove(root: Root, who: Who, id: string): Promise<Decided> {
  const nowMs = root.clock.now();
  await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, 'moves');
    const { request, sides } = await requestFor(trx, id, who.access, nowMs);
    if (!who.access.in('operate', request.from)) {
      const where = sides.includes('gives') ? ` in ${fullName(request.from)}` : '';
      throw new XylemError(
        'E_FORBIDDEN',
        `This needs the permission to operate${where}, which ${who.name} does not have. The taking side refuses.`,
        { details: { permission: 'operate' } },
      );
    }
    requireOpen(request);
    await updateRequest(trx, id, { state: 'cancelled', ended_ms: nowMs, ended_side: 'gives' });
    await note(trx, nowMs, request, 'move.cancel', { side: 'gives', who: who.name, after: {} });
  });
  return { id, note: null };
}
