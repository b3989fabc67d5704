import { XylemError } from '@xylem/core';
import { type Dialect, PostgresDialect } from 'kysely';
import pg from 'pg';

const int8 = 20;

/** Whole numbers come as JavaScript numbers, as from SQLite; one that does not fit is a fault, not a rounded value. */
export function openPostgres(url: string): Dialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === int8 ? toSafeNumber : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  return new PostgresDialect({ pool });
}

/**
 * One connection of its own, outside the pool. End it.
 * @throws XylemError E_STORAGE (it can't be reached, or refuses)
 */
export async function connectPostgres(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  // Its queries fail anyway; without a listener a break between them would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

/** @throws XylemError E_INPUT (no address of a PostgreSQL database) */
export function checkPostgresUrl(text: string): void {
  const url = URL.parse(text);
  if (url !== null && /^postgres(ql)?:$/.test(url.protocol) && url.pathname.length > 1) return;
  throw new XylemError('E_INPUT', 'The database is named like this: postgresql://USER@HOST/DATABASE', {
    details: { key: 'database' },
  });
}

/**
 * What belongs to nobody can be made a root server's; anything else is left as it is.
 * @throws XylemError E_CONFLICT (it holds tables), E_STORAGE
 */
export async function assertEmptyPostgres(url: string): Promise<void> {
  const client = await connectPostgres(url);
  try {
    const { rows } = await client.query<{ tablename: string }>(
      'select tablename from pg_tables where schemaname = current_schema() limit 1',
    );
    if (rows.length === 0) return;
    throw new XylemError(
      'E_CONFLICT',
      `The database ${placeOf(url)} holds tables already. Name an empty one; if an interrupted \`xylem root init\` or \`restore\` left them, drop it and create it again.`,
    );
  } finally {
    await client.end();
  }
}

/** SQLSTATE: connection exceptions, too many connections, shut down or starting, not let in, no such database. */
const goneStates = /^(08\w{3}|53300|57P0\d|28\w{3}|3D000)$/;
const goneSockets = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/;
/** What `pg` says in words alone. */
const goneWords =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a conn)/;

/** Whether a query failed because there is no database to speak to at the moment. */
export function isPostgresGone(error: unknown): boolean {
  const { code = '', message = '', syscall } = error as { code?: string; message?: string; syscall?: string };
  return (
    syscall === 'connect' || [goneStates, goneSockets].some((p) => p.test(code)) || goneWords.test(message)
  );
}

/** The fault of a database that can't be used, with its place and without its password. */
export function unreachable(url: string, cause: unknown): XylemError {
  const { code, message = '' } = cause as { code?: string; message?: string };
  const reason = message === '' ? (code ?? 'no answer') : message;
  return new XylemError('E_STORAGE', `The database ${placeOf(url)} can't be used: ${reason}.`, { cause });
}

/** Host and name; never the password. */
function placeOf(text: string): string {
  const url = URL.parse(text);
  if (url === null) return '(unnamed)';
  return `${url.pathname.slice(1)} at ${url.searchParams.get('host') ?? url.host}`;
}

function toSafeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`the database holds ${text}, which is no safe integer`);
  return value;
}
