import type { Database } from '../db/tables.ts';

/** What of a registered host says whether a report is its own. */
export interface Sender {
  readonly id: string;
  readonly key: string;
  readonly environment: string;
  readonly revoked_ms: number | null;
  readonly moving_from: string | null;
}

/** Registered hosts by id, as they were when they were asked for. */
export interface Senders {
  /** One that was not asked for at first is asked for now. */
  get(host: string): Promise<Sender | undefined>;
  /** Something about it was written since. */
  forget(host: string): void;
}

/** @param hosts as many as one statement may name */
export async function sendersOf(db: Database, hosts: readonly string[]): Promise<Senders> {
  const known = new Map((await sendersNamed(db, [...new Set(hosts)])).map((row) => [row.id, row]));
  return {
    get: async (host) => {
      const held = known.get(host);
      if (held !== undefined) return held;
      const [row] = await sendersNamed(db, [host]);
      if (row !== undefined) known.set(host, row);
      return row;
    },
    forget: (host) => void known.delete(host),
  };
}

async function sendersNamed(db: Database, hosts: readonly string[]): Promise<Sender[]> {
  if (hosts.length === 0) return [];
  return await db
    .selectFrom('hosts')
    .select(['id', 'key', 'environment', 'revoked_ms', 'moving_from'])
    .where('id', 'in', hosts)
    .execute();
}
