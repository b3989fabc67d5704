import { createHash } from 'node:crypto';
import { XylemError } from '@xylem/core';
import type { Selectable } from 'kysely';
import { lockFor } from '../../db/lock.ts';
import type { Database, Tables } from '../../db/tables.ts';
import { countAttempt, forgiveAttempt } from '../throttle.ts';
import { attemptKey, warnOfFailure } from '../throttled.ts';
import { type Entering, enterOidc } from './enter.ts';
import { oidcFault } from './faults.ts';
import type { DeviceAnswer, DeviceGrant } from './issuer.ts';
import type { Issuers } from './issuers.ts';
import { readOidc, requireOidc } from './settings.ts';

export interface DeviceSignIn extends Entering {
  readonly issuers: Issuers;
}

const maxWaiting = 1000;
const slowDownMs = 5000;

/** What a command line shows its person; `handle` is its own. */
export interface DeviceBegun extends Omit<DeviceGrant, 'deviceCode' | 'lifetimeMs'> {
  readonly handle: string;
  readonly untilMs: number;
}

/**
 * Asks the issuer for a code that a person enters elsewhere (RFC 8628). Counts for the address until somebody approved.
 * @throws XylemError E_OIDC, E_ISSUER, E_THROTTLED, E_BUSY (too many wait already)
 */
export async function beginDevice(
  root: DeviceSignIn,
  { device, from }: { readonly device: string; readonly from: string | null },
): Promise<DeviceBegun> {
  const { db, clock, randomness } = root;
  await countAttempt(db, [attemptKey('device', from)], clock.now());
  try {
    const settings = await requireOidc(db);
    const issuer = await root.issuers.of(settings);
    if (!issuer.offersDevices)
      throw oidcFault(
        'device',
        'The issuer offers no sign-in for command lines (device flow). Use a browser.',
      );
    await requireRoom(db, clock.now());
    const { deviceCode, lifetimeMs, ...shown } = await issuer.beginDevice();
    const handle = randomness.bytes(32).toString('base64url');
    const untilMs = clock.now() + lifetimeMs;
    await db.transaction().execute(async (trx) => {
      await lockFor(trx, 'oidc');
      if ((await readOidc(trx))?.key !== settings.key)
        throw oidcFault('refused', 'How people sign in was changed meanwhile. Begin again.');
      await requireRoom(trx, clock.now());
      await trx
        .insertInto('oidc_devices')
        .values({
          handle: digestOf(handle),
          device_code: deviceCode,
          device,
          interval_ms: shown.intervalMs,
          next_ms: clock.now() + shown.intervalMs,
          until_ms: untilMs,
        })
        .execute();
    });
    return { ...shown, handle, untilMs };
  } catch (error) {
    // Nobody was let wait: nothing is held against them.
    await forgiveAttempt(db, null, attemptKey('device', from));
    throw error;
  }
}

export type DevicePolled =
  | { readonly state: 'pending'; readonly intervalMs: number }
  | {
      readonly state: 'signed-in';
      readonly token: string;
      readonly name: string;
      readonly expiresMs: number;
    };

interface Polling {
  readonly handle: string;
  readonly from: string | null;
}

/**
 * Asks the issuer whether somebody has decided, no more often than it allows.
 * @throws XylemError E_OIDC (denied, expired, unknown, completed before), E_ISSUER (ask again)
 */
export async function pollDevice(root: DeviceSignIn, asking: Polling): Promise<DevicePolled> {
  try {
    return await poll(root, asking);
  } catch (error) {
    if (error instanceof XylemError) warnOfFailure(root.log, error, { from: asking.from, kind: 'device' });
    throw error;
  }
}

async function poll(root: DeviceSignIn, { handle, from }: Polling): Promise<DevicePolled> {
  const { db, clock } = root;
  const key = digestOf(handle);
  const row = await db.selectFrom('oidc_devices').selectAll().where('handle', '=', key).executeTakeFirst();
  if (row === undefined) {
    await countAttempt(db, [attemptKey('address', from)], clock.now());
    throw oidcFault('device', 'This sign-in is not known, or is over. Begin again.');
  }
  const { interval_ms: intervalMs } = row;
  const settings = await requireOidc(db);
  if (row.until_ms <= clock.now()) {
    await take(db, key);
    throw overdue();
  }
  if (!(await isTurn(db, row, clock.now()))) return { state: 'pending', intervalMs };
  const issuer = await root.issuers.of(settings);
  let answer: DeviceAnswer;
  try {
    answer = await issuer.askDevice(row.device_code);
  } catch (error) {
    // What the issuer refused it will refuse again; that it can't be asked may pass.
    if (!(error instanceof XylemError) || error.code !== 'E_ISSUER') await take(db, key);
    throw error;
  }
  switch (answer.state) {
    case 'pending':
      return { state: 'pending', intervalMs };
    case 'slow-down':
      return { state: 'pending', intervalMs: await slowDown(db, row, clock.now()) };
    case 'denied':
      await take(db, key);
      throw oidcFault('denied', 'The sign-in was denied at the issuer.');
    case 'expired':
      await take(db, key);
      throw overdue();
    case 'signed-in': {
      if (!(await take(db, key)))
        throw oidcFault('device', 'This sign-in was completed before. Begin again.');
      const session = await enterOidc(root, settings, answer.claims, {
        kind: 'cli',
        device: row.device,
        from,
      });
      const address = attemptKey('device', from);
      await forgiveAttempt(db, address, address);
      return { state: 'signed-in', ...session };
    }
  }
}

const overdue = (): XylemError =>
  oidcFault('expired', 'Nobody entered the code at the issuer in time. Begin again.');

/** Of two that ask at once, one asks the issuer. A clock that was set back makes nobody wait longer than the interval. */
async function isTurn(
  db: Database,
  { handle, next_ms: nextMs, interval_ms: intervalMs }: Selectable<Tables['oidc_devices']>,
  nowMs: number,
): Promise<boolean> {
  const waitMs = nextMs - nowMs;
  if (waitMs > 0 && waitMs <= intervalMs) return false;
  const { numUpdatedRows } = await db
    .updateTable('oidc_devices')
    .set({ next_ms: nowMs + intervalMs })
    .where('handle', '=', handle)
    .where('next_ms', '=', nextMs)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function slowDown(
  db: Database,
  { handle, interval_ms: before }: Selectable<Tables['oidc_devices']>,
  nowMs: number,
): Promise<number> {
  const intervalMs = before + slowDownMs;
  await db
    .updateTable('oidc_devices')
    .set({ interval_ms: intervalMs, next_ms: nowMs + intervalMs })
    .where('handle', '=', handle)
    .execute();
  return intervalMs;
}

/** Whether it was still there. */
async function take(db: Database, handle: string): Promise<boolean> {
  const taken = await db
    .deleteFrom('oidc_devices')
    .where('handle', '=', handle)
    .returning('handle')
    .executeTakeFirst();
  return taken !== undefined;
}

/** Clears what is over. @throws XylemError E_BUSY */
async function requireRoom(db: Database, nowMs: number): Promise<void> {
  await db.deleteFrom('oidc_devices').where('until_ms', '<=', nowMs).execute();
  const { waiting } = await db
    .selectFrom('oidc_devices')
    .select((e) => e.fn.countAll<number>().as('waiting'))
    .executeTakeFirstOrThrow();
  if (waiting < maxWaiting) return;
  throw new XylemError('E_BUSY', 'Too many are signing in by a code at once. Try again in a few minutes.');
}

const digestOf = (handle: string): string => createHash('sha256').update(handle).digest('hex');
