import { XylemError } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import { attacks, held } from './attacks/all.ts';
import { AttackLab } from './attacks/lab.ts';
import type { Bench } from './bench.ts';

export const bench: Bench = {
  usage:
    '[PATTERN]: tries every attack of docs/security.md whose name fits, each by a process that holds what it says',
  async run([pattern = ''], say) {
    const chosen = attacks.filter(({ name }) => new RegExp(pattern).test(name));
    if (chosen.length === 0) throw new XylemError('E_INPUT', `No attack is named like ${pattern}.`);
    const own = cleanup();
    let tried = 0;
    let succeeded = 0;
    try {
      const lab = await AttackLab.create(own);
      for (const attack of chosen) {
        const outcome = await held(attack, lab);
        tried += outcome.tried;
        succeeded += outcome.succeeded.length;
        say(`${attack.name} (with ${attack.holds}): tried ${outcome.tried} times`);
        for (const line of outcome.said) say(`  refused: ${line}`);
        for (const line of outcome.succeeded) say(`  SUCCEEDED: ${line}`);
      }
    } finally {
      await own.run();
    }
    return { inputs: { attacks: chosen.length }, figures: { tried, succeeded } };
  },
};
