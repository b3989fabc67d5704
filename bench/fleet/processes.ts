import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { sumOf, type Usage, usageOf } from '../lab.ts';
import type { FromHosts, HostToJoin, ToHosts } from './hosts-main.ts';

/** Many hosts at once have much under way: by V8's own measure each 64 MiB of it would be reason to collect all garbage. */
const roomForMany = [
  '--min-semi-space-size=16',
  '--max-semi-space-size=32',
  '--heap-growing-percent=40',
  '--external-memory-accounted-in-global-limit',
  '--external-memory-max-growing-factor=4',
];

/** Of all processes: to join is work for the root server, on the same cores. */
const joinAtOnce = 32;

const main = join(import.meta.dirname, 'hosts-main.ts');

/** Hosts that live in a few processes. */
export interface HostProcesses {
  join(hosts: readonly HostToJoin[]): Promise<void>;
  /** Resolves when the agents of all that have joined run. */
  begin(): Promise<void>;
  /** From now on arrivals are those of something new. */
  watch(): Promise<void>;
  /** The versions of direction that hosts follow. */
  directions(): Promise<{ readonly oldest: number; readonly newest: number }>;
  /** Bytes of objects that each host has fetched since the last `watch`. */
  fetchedBytes(): readonly number[];
  /** When a host had the newest thing in place, by this machine's clock. */
  arrivals(): readonly number[];
  /** What agents warned of since the last `watch`, and how often. */
  warnings(): ReadonlyMap<string, number>;
  usage(): Promise<Usage>;
}

/** @param own ends them */
export function hostProcesses(
  own: { after(act: () => void): void },
  { processes, folder }: { readonly processes: number; readonly folder: string },
): HostProcesses {
  const warnings = new Map<string, number>();
  const arrivals: number[] = [];
  const fetched: number[] = [];
  const children = Array.from({ length: processes }, (_, i) => begin(join(folder, `hosts-${i}`)));
  own.after(() => {
    for (const { child } of children) child.kill('SIGKILL');
  });

  function begin(at: string) {
    const child = fork(main, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: roomForMany });
    child.on('message', (message: FromHosts) => {
      if (message.kind === 'arrived') {
        arrivals.push(...message.hosts.map(({ atMs }) => atMs));
        fetched.push(...message.hosts.map(({ fetchedBytes }) => fetchedBytes));
      }
      if (message.kind !== 'warned') return;
      const what = `${message.event}: ${message.cause}`;
      warnings.set(what, (warnings.get(what) ?? 0) + 1);
    });
    return { child, folder: at };
  }

  return {
    join: async (hosts) => {
      await Promise.all(
        children.map(async (one, i) => {
          const own = hosts.filter((_, at) => at % processes === i);
          const atOnce = Math.max(1, Math.floor(joinAtOnce / processes));
          await asked(one.child, { kind: 'join', folder: one.folder, hosts: own, atOnce }, 'joined');
        }),
      );
    },
    begin: async () => {
      await Promise.all(children.map(({ child }) => asked(child, { kind: 'begin' }, 'begun')));
    },
    watch: async () => {
      await Promise.all(children.map(({ child }) => asked(child, { kind: 'watch' }, 'ready')));
      arrivals.length = 0;
      fetched.length = 0;
      warnings.clear();
    },
    directions: async () => {
      const all = await Promise.all(
        children.map(({ child }) => asked(child, { kind: 'direction' }, 'direction')),
      );
      return {
        oldest: Math.min(...all.map(({ oldest }) => oldest)),
        newest: Math.max(...all.map(({ newest }) => newest)),
      };
    },
    fetchedBytes: () => fetched,
    arrivals: () => arrivals,
    warnings: () => warnings,
    usage: async () => {
      return sumOf(await Promise.all(children.map(({ child }) => usageOf(child.pid ?? -1))));
    },
  };
}

function asked<K extends FromHosts['kind']>(
  child: ChildProcess,
  message: ToHosts,
  kind: K,
): Promise<Extract<FromHosts, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new XylemError('E_INTERNAL', `Hosts ended with ${code ?? 'a signal'}.`));
    const onMessage = (answer: FromHosts): void => {
      if (answer.kind !== kind) return;
      child.off('message', onMessage);
      child.off('exit', ended);
      resolve(answer as Extract<FromHosts, { kind: K }>);
    };
    child.on('message', onMessage);
    child.once('exit', ended);
    child.send(message);
  });
}
