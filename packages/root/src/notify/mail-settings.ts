import { XylemError } from '@xylem/core';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';

/** By which server mail is sent. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `tls`: from the first byte. `starttls`: demanded, not only where it is offered. */
  readonly security: 'tls' | 'starttls' | 'none';
  readonly from: string;
  readonly user: string | null;
  readonly password: string | null;
  /** PEM of who vouches for its certificate; null: whom the system trusts. */
  readonly ca: string | null;
}

export async function readMail(db: Database): Promise<MailSettings | null> {
  const row = await db.selectFrom('mail_settings').selectAll().executeTakeFirst();
  if (row === undefined) return null;
  return {
    host: row.host,
    port: row.port,
    security: row.security as MailSettings['security'],
    from: row.sender,
    user: row.user_name,
    password: row.password,
    ca: row.ca,
  };
}

/** Puts these in the place of what was there. Call it in the transaction of its entry. */
export async function writeMail(trx: Database, settings: MailSettings, nowMs: number): Promise<void> {
  await removeMail(trx);
  const { host, port, security, from, user, password, ca } = settings;
  await trx
    .insertInto('mail_settings')
    .values({ id: 1, host, port, security, user_name: user, password, sender: from, ca, set_ms: nowMs })
    .execute();
}

export async function removeMail(trx: Database): Promise<void> {
  await lockFor(trx, 'mail');
  await trx.deleteFrom('mail_settings').execute();
}

/** @throws XylemError E_INPUT */
export function checkMail({ host, security, user, password, ca }: MailSettings): void {
  const isHere = host === 'localhost' || host === '::1' || host.startsWith('127.');
  if ((user === null) !== (password === null))
    throw new XylemError('E_INPUT', 'A user and a password go together: give both, or neither.');
  if (password !== null && security === 'none' && !isHere)
    throw new XylemError('E_INPUT', `The password would go to ${host} in the open. Choose tls or starttls.`);
  if (ca !== null && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new XylemError('E_INPUT', 'The file of certificates holds none: write them as PEM.');
}
