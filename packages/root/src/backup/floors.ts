import { readSetting, writeSetting } from '../db/settings.ts';
import type { Database } from '../db/tables.ts';

/** The lowest number of a desired state and the lowest version of metadata that may be signed for a repository. */
export interface Floor {
  readonly number: number;
  readonly version: number;
}

/** Kept in the database for ever: a crash after the confirmation must not forget it. */
export async function readFloor(db: Database, repository: string): Promise<Floor> {
  const text = await readSetting(db, `floor/${repository}`);
  return text === null ? { number: 0, version: 0 } : (JSON.parse(text) as Floor);
}

export async function writeFloor(trx: Database, repository: string, floor: Floor): Promise<void> {
  await writeSetting(trx, `floor/${repository}`, JSON.stringify(floor));
}
