import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { openHeld, readKeyRing, saveKey } from '../../publishing/key-ring.ts';
import { askNewPassphrase, canAsk, givenPassphrase } from '../../publishing/passphrase.ts';

export const command = defineCommand({
  arguments: '[keyid...]',
  about: `Seals keys of ~/.xylem/keys by a passphrase (argon2id); all that lie open if none is named. It is taken from
XYLEM_PASSPHRASE or XYLEM_PASSPHRASE_FILE, else asked for. Copies of the old files elsewhere stay as they are.`,
  example: 'xylem keys protect',
  async run({ args, home }) {
    const ring = (await readKeyRing(home.keysFolder)).filter(({ custody }) => custody === 'open');
    const chosen =
      args.length === 0
        ? ring
        : ring.filter((one) => args.some((id) => one.shortId.startsWith(id.slice(0, 16))));
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
