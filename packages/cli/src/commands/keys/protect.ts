import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { type HeldKey, openHeld, readKeyRing, saveKey } from '../../publishing/key-ring.ts';
import { askNewPassphrase, canAsk, givenPassphrase } from '../../publishing/passphrase.ts';

export const command = defineCommand({
  arguments: '[keyid...]',
  about: `Seals keys of ~/.xylem/keys by a passphrase (argon2id); all that lie open if none is named. It is taken from
XYLEM_PASSPHRASE or XYLEM_PASSPHRASE_FILE, else asked for. Copies of the old files elsewhere stay as they are.`,
  example: 'xylem keys protect',
  async run({ args, home }) {
    const ring = await readKeyRing(home.keysFolder);
    const isNamed = (one: HeldKey, id: string): boolean => one.shortId.startsWith(id.slice(0, 16));
    const stranger = args.find((id) => !ring.some((one) => isNamed(one, id)));
    if (stranger !== undefined)
      throw new XylemError('E_NOT_FOUND', `${home.keysFolder} holds no key ${stranger}.`);
    const chosen = ring
      .filter(({ custody }) => custody === 'open')
      .filter((one) => args.length === 0 || args.some((id) => isNamed(one, id)));
    if (chosen.length === 0) {
      return { data: { protected: [] }, text: 'No key lies open there.' };
    }
    const given = await givenPassphrase();
    const passphrase =
      given ?? (canAsk() ? await askNewPassphrase(counted(chosen.length, 'key')) : undefined);
    if (passphrase === undefined) {
      throw new XylemError(
        'E_INPUT',
        'No passphrase was given: set XYLEM_PASSPHRASE_FILE, or run this on a terminal.',
      );
    }
    const done: string[] = [];
    for (const held of chosen) {
      const key = await openHeld(held);
      const path = await saveKey(home.keysFolder, held.what, key, passphrase);
      if (path !== held.path) await rm(held.path);
      done.push(key.keyId);
    }
    return { data: { protected: done }, text: `${counted(done.length, 'key')} protected by a passphrase.` };
  },
});
