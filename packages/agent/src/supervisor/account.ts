import { execFileSync } from 'node:child_process';
import { XylemError } from '@xylem/core';
import type { ServiceTerms } from './terms.ts';

/** A user of this host, as a service runs by it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

const lookMs = 10_000;

/**
 * The account of `user` and `group`, asked of the system (files, LDAP, …); null where the service names none.
 * @throws XylemError E_DRIVER_UNSUPPORTED when there is none, or this process may not become it
 */
export function accountOf({ user, group }: Pick<ServiceTerms, 'user' | 'group'>): Account | null {
  if (user === undefined) return null;
  const [name = '', , uid, gid, , home = '/'] = entry('passwd', user);
  const own = group === undefined ? gid : entry('group', group)[2];
  const account = { name, uid: Number(uid), gid: Number(own), home };
  const isOther = account.uid !== process.getuid?.() || account.gid !== process.getgid?.();
  if (isOther && process.getuid?.() !== 0) {
    throw lacking(
      `run as ${user}${group === undefined ? '' : `:${group}`}`,
      'the agent does not run as root',
    );
  }
  return account;
}

function entry(database: 'passwd' | 'group', name: string): string[] {
  try {
    const text = execFileSync('getent', [database, name], {
      encoding: 'utf8',
      timeout: lookMs,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim().split(':');
  } catch {
    const what = database === 'passwd' ? 'user' : 'group';
    throw lacking(
      `run by the ${what} ${name}`,
      `this host has no such ${what}: make it, or install what makes it`,
    );
  }
}

/** What a package asks and this host can't do; it waits until the host can. */
export function lacking(what: string, why: string): XylemError {
  return new XylemError('E_DRIVER_UNSUPPORTED', `The service is to ${what}, and ${why}.`, { retry: 'later' });
}
