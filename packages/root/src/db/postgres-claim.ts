import { XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type pg from 'pg';
import { connectPostgres } from './postgres.ts';

export interface ClaimOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The connection broke, and another root server has taken the database since: this one must end. */
  onLost(fault: XylemError): void;
}

/** Advisory locks are numbers within one database; this one is only ours by agreement. */
const claimNumber = 8_441_844;
const lookEveryMs = 5000;

/**
 * Keeps every other root server away from a database for as long as this process holds a connection to it: a copy of
 * the state folder on another machine is not kept away by the lock of the folder, and two would sign against each other.
 * @throws XylemError E_STATE_LOCKED (another has it), E_STORAGE
 */
export async function claimPostgres(options: ClaimOptions): Promise<{ release(): Promise<void> }> {
  const { url, clock, log, onLost } = options;
  const stop = new AbortController();
  let client = await claim(url);

  const keep = async (): Promise<void> => {
    for (;;) {
      try {
        await clock.sleep(lookEveryMs, stop.signal);
      } catch {
        return;
      }
      try {
        await client.query('select 1');
        continue;
      } catch (error) {
        log.warn('the connection that keeps other root servers off the database broke', { error });
      }
      await ended(client);
      try {
        client = await claim(url);
        log.info('the database is claimed again');
      } catch (error) {
        if (!(error instanceof XylemError) || error.code !== 'E_STATE_LOCKED') continue;
        onLost(error);
        return;
      }
    }
  };
  const keeping = keep();
  return {
    release: async () => {
      stop.abort();
      await keeping;
      await ended(client);
    },
  };
}

async function claim(url: string): Promise<pg.Client> {
  const client = await connectPostgres(url);
  try {
    // A machine that vanished without a word is given up after a minute, not after the two hours of Linux.
    await client.query(
      'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3',
    );
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      claimNumber,
    ]);
    if (rows[0]?.taken === true) return client;
    throw new XylemError('E_STATE_LOCKED', 'Another root server runs on this database.');
  } catch (error) {
    await ended(client);
    throw error;
  }
}

/** Of a broken connection nothing is expected any more. */
async function ended(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
