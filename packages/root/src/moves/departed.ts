import type { Database } from '../db/tables.ts';

/** Which hosts have gone to another tenant: a certificate of the environment that they left is worth nothing here. */
export interface Departed {
  has(host: string, environment: string): boolean;
  reload(): Promise<void>;
}

export async function openDeparted(db: Database): Promise<Departed> {
  const keyOf = (host: string, environment: string): string => `${host} ${environment}`;
  const read = async (): Promise<Set<string>> => {
    const rows = await db
      .selectFrom('moved_hosts as m')
      .innerJoin('move_requests as r', 'r.id', 'm.move')
      .innerJoin('hosts as h', 'h.id', 'm.host')
      .select(['m.host', 'r.from_environment', 'h.environment', 'h.moving_from'])
      .where('m.came_ms', 'is not', null)
      .execute();
    // It may have come back since.
    const gone = rows.filter(
      (row) => row.environment !== row.from_environment && row.moving_from !== row.from_environment,
    );
    return new Set(gone.map((row) => keyOf(row.host, row.from_environment)));
  };
  let departed = await read();
  return {
    has: (host, environment) => departed.has(keyOf(host, environment)),
    reload: async () => {
      departed = await read();
    },
  };
}
