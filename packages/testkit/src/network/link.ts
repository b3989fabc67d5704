import { run } from '../run.ts';
import { ip } from './namespaces.ts';

/** How a node hangs on the network; each holds in either direction. */
export interface Link {
  /** As `tc` writes it: `64kbit`. Default: as fast as the machine. */
  readonly rate?: string;
  /** The share of packets that is lost, 0 to 1. */
  readonly loss?: number;
}

/** One end of a link: what it receives may be lost, what it sends waits for its turn. */
interface LinkEnd {
  readonly namespace: string;
  readonly device: string;
}

/** What waits on a slow link for longer is dropped, as where buffers are large. */
const queue = ['burst', '4kb', 'latency', '3s'];
const perMille = 1000;

/** Packets are lost where they arrive: a sender whose own packet is dropped on its way out is told so. */
export async function setLoss({ namespace, device }: LinkEnd, loss: number): Promise<void> {
  const lost = Math.round(loss * perMille);
  const some = lost === perMille ? 'drop' : `numgen random mod ${perMille} < ${lost} drop`;
  const rules = `table netdev link
delete table netdev link
table netdev link {
  chain ${device} {
    type filter hook ingress device "${device}" priority 0
    ${lost === 0 ? '' : some}
  }
}
`;
  await ip('netns', 'exec', namespace, 'nft', rules);
}

export async function setRate({ namespace, device }: LinkEnd, rate: string | undefined): Promise<void> {
  const at = ['dev', device, 'root'];
  const tc = (...words: string[]) => run('/usr/sbin/tc', ['-n', namespace, 'qdisc', ...words]);
  if (rate !== undefined) await tc('replace', ...at, 'tbf', 'rate', rate, ...queue);
  // There may be none.
  else await tc('del', ...at).catch(() => undefined);
}
