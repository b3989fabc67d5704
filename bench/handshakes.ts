import { once } from 'node:events';
import { join } from 'node:path';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { startNode } from '@xylem/testkit';
import { clientTls, loadIdentity, type TlsIdentity } from '@xylem/trust';
import type { Bench, Measured } from './bench.ts';
import { environment, inLab, type Lab, usageOf } from './lab.ts';

const atOnce = 16;
const warmUpMs = 2_000;
const watchMs = 10_000;
/** What an agent has: for its parent to be connected, and before it asks again. */
const patienceMs = 20_000;
const againMs = 1_000;

/** Hosts that connect anew, each with its certificate, and ask one small thing. */
export const bench: Bench = {
  usage:
    '[--storm 500]: whole handshakes of mutual TLS 1.3 that a root server takes in a second, each with one small request; the\n' +
    '  hosts take their share of the same cores, so rootCpuMsPerHandshake says what a core could do. --storm: so many hosts\n' +
    '  come back in the same moment, as after a restart; until the last is in, how many handshakes were begun, and the\n' +
    '  longest that the API took to answer meanwhile',
  run: async (words) => {
    const { values } = parseArgs({
      args: [...words],
      options: { storm: { type: 'string', default: '500' } },
    });
    const children = Number(values.storm);
    if (!Number.isSafeInteger(children) || children < 1)
      throw new XylemError('E_INPUT', '--storm is a whole number from 1.');
    return await inLab('all', (lab) => measure(lab, children));
  },
};

async function measure({ xylem, work, releasesAt }: Lab, children: number): Promise<Measured> {
  const state = join(work, 'host');
  await startNode(xylem, { name: 'host', environment, state });
  await xylem.end('host', 'SIGTERM');
  const identity = await loadIdentity(join(state, 'identity'));
  const [url] = identity?.parents ?? [];
  if (identity === null || url === undefined) throw new TypeError('the host that joined has no parent');

  const pid = xylem.pidOf('root');
  const stormFigures = await storm(url, identity, children, releasesAt);
  await connectAll(url, identity, warmUpMs);
  const before = await usageOf(pid);
  const handshakes = await connectAll(url, identity, watchMs);
  const after = await usageOf(pid);
  const cpuMs = (after.cpuSeconds - before.cpuSeconds) * 1_000;
  return {
    inputs: { atOnce, watchedSeconds: watchMs / 1_000, resumed: 'none', storm: children },
    figures: {
      handshakesPerSecond: Math.round((handshakes * 1_000) / watchMs),
      rootCpuMsPerHandshake: Number((cpuMs / handshakes).toFixed(2)),
      ...stormFigures,
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

async function storm(
  url: string,
  identity: TlsIdentity,
  children: number,
  { apiUrl, token }: Pick<Lab['releasesAt'], 'apiUrl' | 'token'>,
): Promise<Record<string, number>> {
  let longestMs = 0;
  const begun = async (): Promise<number> => {
    const askedMs = systemClock.monotonicMs();
    const answer = await fetch(`${apiUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    longestMs = Math.max(longestMs, systemClock.monotonicMs() - askedMs);
    const counts = text.matchAll(/^xylem_handshakes_total\{result="(?:done|failed)"\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const before = await begun();
  longestMs = 0;
  const beganMs = systemClock.monotonicMs();
  const tls = clientTls(identity);
  const options = { ...tls, secureContext: createSecureContext(tls) };
  const arriving = Array.from({ length: children }, () => comeBack(url, options));
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      await begun();
      await systemClock.sleep(50);
    }
  })();
  const sockets = await Promise.all(arriving);
  const seconds = (systemClock.monotonicMs() - beganMs) / 1_000;
  isOver = true;
  await watching;
  const handshakes = (await begun()) - before;
  for (const { socket } of sockets) socket.destroy();
  return {
    stormSeconds: Number(seconds.toFixed(1)),
    stormHandshakesPerHost: Number((handshakes / children).toFixed(3)),
    stormConnectionsPerHost: sockets.reduce((sum, { attempts }) => sum + attempts, 0) / children,
    stormLongestApiMs: Math.round(longestMs),
  };
}

/** Tries until it is answered; the connection stays. */
async function comeBack(
  url: string,
  options: ReturnType<typeof clientTls>,
): Promise<{ readonly socket: TLSSocket; readonly attempts: number }> {
  const { hostname, port } = new URL(url);
  for (let attempts = 1; ; attempts += 1) {
    const socket = connect({ ...options, host: hostname, port: Number(port) });
    try {
      await once(socket, 'secureConnect', { signal: AbortSignal.timeout(patienceMs) });
      socket.write(`GET /parents HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
      await once(socket, 'data');
      return { socket, attempts };
    } catch {
      socket.destroy();
      await systemClock.sleep(againMs);
    }
  }
}
