import { join } from 'node:path';
import type { RecipientStatement } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { hostIdOf, type Identity, stateRecipient } from '@xylem/trust';
import { jsonFile } from '../state/json-file.ts';

interface Kept {
  readonly environment: string;
  readonly statement: RecipientStatement;
}

/**
 * This host's word about its recipient. Its id is the digest of its first key alone, so what that key signed is kept
 * for the time after it was replaced.
 */
export async function recipientStatement(
  { host, environment, key }: Identity,
  recipient: string,
  folder: string,
  log: Log,
): Promise<RecipientStatement> {
  const file = jsonFile(join(folder, 'recipient.json'), 'xylem-recipient-statement-1', parse, log);
  const kept = await file.read();
  const isSame = kept?.environment === environment.id && kept.statement.recipient === recipient;
  if (kept !== null && isSame) return kept.statement;
  const statement = stateRecipient({ host, environment: environment.id }, recipient, key);
  if (hostIdOf(key.public) === host) await file.write({ environment: environment.id, statement });
  return statement;
}

function parse({ environment, statement }: Record<string, unknown>): Kept {
  const { recipient, key, signature } = (statement ?? {}) as Record<string, unknown>;
  if (typeof environment !== 'string' || typeof recipient !== 'string') throw new Error('no recipient');
  if (typeof key !== 'string' || typeof signature !== 'string') throw new Error('no signature');
  return { environment, statement: { recipient, key, signature } };
}
