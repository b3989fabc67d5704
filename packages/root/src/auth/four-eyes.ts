import { XylemError } from '@xylem/core';
import { readSetting, removeSetting, writeSetting } from '../db/settings.ts';
import type { Database } from '../db/tables.ts';
import type { Access } from './access.ts';
import type { Who } from './api-tokens.ts';
import { accountOf, ciOrigin, originOf } from './origin.ts';
import { stillMay } from './still-may.ts';

/** Somebody's word that counts when another person says the same. */
interface FirstWord {
  readonly origin: string;
  readonly account: string;
  readonly groups?: readonly string[] | undefined;
  /** As the audit log names them. */
  readonly by: string;
  readonly untilMs: number;
  /** What was said; another word than the second's does not count. */
  readonly what: string;
}

const settingKey = 'four-eyes';
const firstKey = (what: 'off' | 'restore'): string => `four-eyes/${what}`;
/** A first word that nobody followed is forgotten. */
const firstWordMs = 24 * 3600_000;

export async function isFourEyes(db: Database): Promise<boolean> {
  return (await readSetting(db, settingKey)) === 'on';
}

/** For the word of this person to count beside those of the others. @throws XylemError E_FOUR_EYES */
export async function requireAnother(db: Database, who: Who, others: readonly string[]): Promise<void> {
  if (!(await isFourEyes(db))) return;
  const own = await originOf(db, who);
  refuseCi(own);
  if (!others.includes(own)) return;
  throw new XylemError(
    'E_FOUR_EYES',
    `The four-eyes rule is on, and ${who.name} counts as somebody who has asked or approved here already.`,
  );
}

function refuseCi(origin: string): void {
  if (origin !== ciOrigin) return;
  throw new XylemError('E_FOUR_EYES', 'The four-eyes rule is on, and a CI job counts as nobody.');
}

/** The first word, while it counts. */
export async function firstWord(
  db: Database,
  what: 'off' | 'restore',
  nowMs: number,
): Promise<FirstWord | null> {
  const text = await readSetting(db, firstKey(what));
  if (text === null) return null;
  const word = JSON.parse(text) as FirstWord;
  return word.untilMs > nowMs ? word : null;
}

/**
 * Whether what somebody says was said by another person before: then it is to be done. Else it is kept as the first
 * word. Call it in a transaction. @throws XylemError E_FOUR_EYES for a CI job, E_CONFLICT where the other said otherwise
 */
export async function isSecondWord(
  trx: Database,
  who: Who,
  what: 'off' | 'restore',
  said: string,
  nowMs: number,
): Promise<boolean> {
  const origin = await originOf(trx, who);
  refuseCi(origin);
  const first = await firstWord(trx, what, nowMs);
  const isAdministrator = (access: Access): boolean => access.everywhere('administer');
  const counts = first !== null && (await stillMay(trx, first, isAdministrator, nowMs));
  if (first !== null && counts && first.origin !== origin) {
    if (first.what === said) {
      await removeSetting(trx, firstKey(what));
      return true;
    }
    throw new XylemError(
      'E_CONFLICT',
      `${first.by} said ${first.what}, and this is ${said}. Agree: a second person says the same.`,
    );
  }
  const word: FirstWord = {
    origin,
    account: accountOf(who),
    groups: who.groups,
    by: who.subject,
    untilMs: nowMs + firstWordMs,
    what: said,
  };
  await writeSetting(trx, firstKey(what), JSON.stringify(word));
  return false;
}

export async function setFourEyes(trx: Database, isOn: boolean): Promise<void> {
  if (isOn) await writeSetting(trx, settingKey, 'on');
  else await removeSetting(trx, settingKey);
  await removeSetting(trx, firstKey('off'));
}
