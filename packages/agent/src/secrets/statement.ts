import { join } from 'node:path';
import type { RecipientStatement } from '@xylem/core';
import type { Log } from '@xylem/platform';
import { type Identity, loadFirstKey, stateRecipient } from '@xylem/trust';
import { jsonFile } from '../state/json-file.ts';

interface Kept {
  readonly environment: string;
  readonly statement: RecipientStatement;
}

/**
 * This host's word about its recipient. Its id is the digest of its first key alone, so that one signs, also after it was
 * replaced. A host that replaced it before it was kept has what it signed for the environment of that time.
 */
export async function recipientStatement(
  identity: Identity,
  recipient: string,
  folder: string,
  log: Log,
): Promise<RecipientStatement> {
  const { host, environment, key } = identity;
  const file = jsonFile(join(folder, 'recipient.json'), 'xylem-recipient-statement-1', parse, log);
  const kept = await file.read();
  const isSame = kept?.environment === environment.id && kept.statement.recipient === recipient;
  if (kept !== null && isSame) return kept.statement;
  const first = await loadFirstKey(folder, identity);
  const statement = stateRecipient({ host, environment: environment.id }, recipient, first ?? key);
  if (first !== null) await file.write({ environment: environment.id, statement });
  return statement;
}

function parse({ environment, statement }: Record<string, unknown>): Kept {
  const { recipient, key, signature } = (statement ?? {}) as Record<string, unknown>;
  if (typeof environment !== 'string' || typeof recipient !== 'string') throw new Error('no recipient');
  if (typeof key !== 'string' || typeof signature !== 'string') throw new Error('no signature');
  return { environment, statement: { recipient, key, signature } };
}
