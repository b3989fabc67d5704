import { type HostId, lifetimes, type Revoked, timeOf } from '@xylem/core';
import type { Database } from '../db/tables.ts';

/** The revoked hosts as of now, for whoever decides about a connection. */
export interface RevokedHosts {
  has(host: string): boolean;
  /** Reads the database anew and tells the listener if a host was added. */
  reload(): Promise<void>;
  /** Called when a host was added: what is open to it must be closed. */
  onAdded(listener: () => void): void;
}

export async function openRevokedHosts(db: Database): Promise<RevokedHosts> {
  let hosts: ReadonlySet<string> = new Set();
  let listener = (): void => undefined;
  const read = async (): Promise<Set<string>> => {
    const rows = await db.selectFrom('hosts').select('id').where('revoked_ms', 'is not', null).execute();
    return new Set(rows.map(({ id }) => id));
  };
  hosts = await read();
  return {
    has: (host) => hosts.has(host),
    reload: async () => {
      const before = hosts;
      hosts = await read();
      if ([...hosts].some((host) => !before.has(host))) listener();
    },
    onAdded: (next) => {
      listener = next;
    },
  };
}

/** What a certificate that is about to be given away says, so that its revocation reaches everyone who would believe it. */
export async function noteCertificate(
  db: Database,
  host: string,
  certificate: { readonly environment: string; readonly serves: readonly string[] | '*' | null },
  untilMs: number,
): Promise<void> {
  const serves = certificate.serves === '*' ? ['*'] : (certificate.serves ?? []);
  for (const environment of new Set([certificate.environment, ...serves])) {
    await db
      .insertInto('certificate_scopes')
      .values({ host, environment, until_ms: untilMs })
      .onConflict((c) => c.columns(['host', 'environment']).doUpdateSet({ until_ms: untilMs }))
      .execute();
  }
}

/** The environments in which certificates of these hosts may still be believed; `*`: in all. */
export async function scopesOf(db: Database, hosts: readonly string[]): Promise<Set<string>> {
  const scopes = new Set<string>();
  for (let at = 0; at < hosts.length; at += 500) {
    const rows = await db
      .selectFrom('certificate_scopes')
      .select('environment')
      .distinct()
      .where('host', 'in', hosts.slice(at, at + 500))
      .execute();
    for (const { environment } of rows) scopes.add(environment);
  }
  return scopes;
}

/** `revoked` of an environment's desired state: until the last certificate that it would believe has ended, and the grace. */
export async function revokedIn(db: Database, environment: string, nowMs: number): Promise<Revoked[]> {
  const rows = await db
    .selectFrom('hosts as h')
    .innerJoin('certificate_scopes as s', 's.host', 'h.id')
    .select((e) => ['h.id as host', e.fn.max('s.until_ms').as('until_ms')])
    .where('h.revoked_ms', 'is not', null)
    .where('s.environment', 'in', [environment, '*'])
    .groupBy('h.id')
    .orderBy('h.id')
    .execute();
  return rows.flatMap(({ host, until_ms }) => {
    const untilMs = Number(until_ms) + lifetimes.nodeGraceMs;
    return untilMs > nowMs ? [{ host: host as HostId, until: timeOf(untilMs) }] : [];
  });
}
