import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { systemClock } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import { clientTls, loadIdentity, type TlsIdentity } from '@xylem/trust';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab, usageOf } from './lab.ts';

const atOnce = 16;
const warmUpMs = 2_000;
const watchMs = 10_000;

/** Hosts that connect anew, each with its certificate, and ask one small thing. */
export const bench: Bench = {
  usage:
    '(no arguments): whole handshakes of mutual TLS 1.3 that a root server takes in a second, each with one small\n' +
    '  request; the hosts take their share of the same cores, so rootCpuMsPerHandshake says what a core could do',
  run: () => inLab('all', measure),
};

async function measure({ xylem, work }: Lab): Promise<Measured> {
  const state = join(work, 'host');
  await startNode(xylem, { name: 'host', environment, state });
  await xylem.end('host', 'SIGTERM');
  const identity = await loadIdentity(join(state, 'identity'));
  const [url] = identity?.parents ?? [];
  if (identity === null || url === undefined) throw new TypeError('the host that joined has no parent');

  const pid = xylem.pidOf('root');
  await connectAll(url, identity, warmUpMs);
  const before = await usageOf(pid);
  const handshakes = await connectAll(url, identity, watchMs);
  const after = await usageOf(pid);
  const cpuMs = (after.cpuSeconds - before.cpuSeconds) * 1_000;
  return {
    inputs: { atOnce, watchedSeconds: watchMs / 1_000, resumed: 'none' },
    figures: {
      handshakesPerSecond: Math.round((handshakes * 1_000) / watchMs),
      rootCpuMsPerHandshake: Number((cpuMs / handshakes).toFixed(2)),
    },
  };
}

/** How many handshakes came to an answer before the time was over. */
async function connectAll(url: string, identity: TlsIdentity, durationMs: number): Promise<number> {
  const endsMs = systemClock.monotonicMs() + durationMs;
  const options = clientTls(identity);
  const one = async (): Promise<number> => {
    let handshakes = 0;
    while (systemClock.monotonicMs() < endsMs) {
      await handshake(url, options);
      handshakes += 1;
    }
    return handshakes;
  };
  const counts = await Promise.all(Array.from({ length: atOnce }, one));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The answer shows that the server has verified the certificate, which in TLS 1.3 comes after the client is done. */
async function handshake(url: string, options: ReturnType<typeof clientTls>): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ ...options, host: hostname, port: Number(port) });
  try {
    socket.write(`GET /parents HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) {
      throw new TypeError(`the root server answered: ${answer.toString('latin1').split('\r\n', 1)[0]}`);
    }
  } finally {
    socket.destroy();
  }
}
