import type { Status } from '@xylem/root/contract';
import { age, counted } from '../../frame/words.ts';

type Unheard = Status['unheard'][number];

/** One sentence for each part of the tree of which nothing is heard. */
export function unheardLine({ relay, relaySilent, hosts, heard }: Unheard, nowMs: number): string {
  const who = `the relay ${relay.name} (${relay.environment})`;
  const [below, time] = [counted(hosts, 'host'), age(heard, nowMs)];
  return relaySilent
    ? `UNHEARD: nothing of ${who}, nor of the ${below} below it, for ${time}.`
    : `UNHEARD: nothing of the ${below} below ${who} for ${time}, though it reports itself.`;
}
