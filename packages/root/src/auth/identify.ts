import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { Database } from '../db/tables.ts';
import { checkApiToken, type Who } from './api-tokens.ts';
import { sessionOf } from './sessions.ts';

/** Who asks with this token: of an API token or a command line's session. @throws XylemError E_UNAUTHORISED */
export async function identify(db: Database, clock: Pick<Clock, 'now'>, token: string | null): Promise<Who> {
  if (token?.startsWith('xys1.') !== true) return await checkApiToken(db, clock, token);
  const who = await sessionOf(db, clock, token, 'cli');
  if (who !== null) return who;
  throw new XylemError('E_UNAUTHORISED', 'The session has ended. Sign in again.');
}
