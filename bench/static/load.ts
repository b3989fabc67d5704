import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { installDebian, run } from '@xylem/testkit';
import { type Usage, usageOf } from '../lab.ts';
import type { Answered, Asking } from './asking.ts';
import type { ToLoad } from './tls-load-main.ts';

/** Asks plainly by wrk, Debian's. */
export async function askPlainly(asking: Asking): Promise<Answered> {
  const headers = Object.entries(asking.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const script = join(import.meta.dirname, 'wrk.lua');
  const words = [
    '-t',
    '1',
    '-c',
    `${asking.connections}`,
    '-d',
    `${asking.seconds}`,
    '-s',
    script,
    ...headers,
  ];
  const { stdout } = await run('/usr/bin/wrk', [...words, asking.url], { timeoutMs: 60_000 });
  const line = stdout.split('\n').findLast((one) => one.startsWith('{'));
  const { micros, ...counted } = JSON.parse(line ?? '') as Omit<Answered, 'seconds'> & { micros: number };
  return { ...counted, seconds: micros / 1e6 };
}

/** @throws XylemError E_INPUT where wrk is not there and can't be installed */
export async function needWrk(): Promise<void> {
  const missing = await installDebian('wrk');
  if (missing !== null) throw new XylemError('E_INPUT', `The load comes from wrk: ${missing.skip}.`);
}

/** A process that asks over mutual TLS. */
export interface TlsLoad {
  ask(asking: Asking): Promise<Answered>;
  /** Opens idle connections, and keeps them as long as it lives. */
  hold(url: string, path: string, connections: number): Promise<void>;
  usage(): Promise<Usage>;
}

/** @param own ends it */
export function startTlsLoad(
  own: { after(act: () => void): void },
  tls: { readonly key: string; readonly cert: string },
): TlsLoad {
  const child = fork(join(import.meta.dirname, 'tls-load-main.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  own.after(() => void child.kill('SIGKILL'));
  child.send({ kind: 'tls', ...tls } satisfies ToLoad);
  return {
    ask: async (asking) => (await answerTo(child, { kind: 'ask', ...asking })) as Answered,
    hold: async (url, path, connections) => {
      await answerTo(child, { kind: 'hold', url, path, connections });
    },
    usage: () => usageOf(child.pid ?? -1),
  };
}

async function answerTo(child: ChildProcess, message: ToLoad): Promise<unknown> {
  child.send(message);
  const [answer] = (await once(child, 'message')) as [unknown];
  return answer;
}
