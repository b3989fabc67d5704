// Many hosts in one process: the agent's own code, each with an identity, connections and a state folder of its own. The
// disk counts as memory, for ten thousand hosts have ten thousand disks, and this machine has one; what all of a process
// have fetched is there once.
import { join } from 'node:path';
import { joinHost, type RunningAgent, runAgent } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { type Log, silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { keepDiskInMemory } from './disk-in-memory.ts';
import { keepOnce } from './kept-once.ts';

/** What the bench says to such a process, and what it answers. */
export type ToHosts =
  | {
      readonly kind: 'join';
      readonly folder: string;
      readonly hosts: readonly HostToJoin[];
      readonly atOnce: number;
    }
  | { readonly kind: 'begin' }
  | { readonly kind: 'watch' }
  | { readonly kind: 'direction' };
export interface HostToJoin {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}
export type FromHosts =
  | { readonly kind: 'joined' }
  | { readonly kind: 'begun' }
  | { readonly kind: 'arrived'; readonly hosts: readonly Arrival[] }
  | { readonly kind: 'direction'; readonly oldest: number; readonly newest: number }
  | { readonly kind: 'warned'; readonly event: string; readonly cause: string }
  | { readonly kind: 'ready' };

export interface Arrival {
  readonly atMs: number;
  readonly fetchedBytes: number;
}

interface Host {
  readonly agent: RunningAgent;
  /** Of what is under way, or arrived last; null: nothing has come since somebody watches. */
  fetchedBytes: number | null;
  /** Where that lies. */
  tree: string;
  hasArrived: boolean;
}

const beginAtOnce = 8;
/** For one that has begun to run what it should, before another takes its turn. */
const firstWithinMs = 60_000;
const joinAgainMs = 5_000;
const joinAttempts = 20;
const lookEveryMs = 50;
const hosts: Host[] = [];
const joined: string[] = [];

const say = (message: FromHosts): void => void process.send?.(message);

async function joinAll(folder: string, all: readonly HostToJoin[], atOnce: number): Promise<void> {
  await each(all, atOnce, async (one) => {
    await joinOne(folder, one);
    joined.push(join(folder, one.name));
  });
}

/** A parent that has too much to do says so, and is asked again. */
async function joinOne(folder: string, { name, url, token }: HostToJoin): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await joinHost({ ...partsOf(join(folder, name)), log: silentLog, url, token, name, serve: false });
      return;
    } catch (error) {
      const isBusy = error instanceof XylemError && error.code === 'E_PARENT_UNREACHABLE';
      if (!isBusy || attempt === joinAttempts) throw error;
      await systemClock.sleep(joinAgainMs);
    }
}

/** After all have joined: a version of direction for others that join is work for each host that runs. */
async function beginAll(): Promise<void> {
  await each(joined.splice(0), beginAtOnce, async (folder) => {
    const host = await begin(partsOf(folder));
    hosts.push(host);
    const lateMs = systemClock.monotonicMs() + firstWithinMs;
    while (!host.agent.status().converged && systemClock.monotonicMs() < lateMs)
      await systemClock.sleep(lookEveryMs);
  });
}

async function each<T>(all: readonly T[], atOnce: number, act: (one: T) => Promise<unknown>): Promise<void> {
  const left = all.values();
  const inTurn = async (): Promise<void> => {
    for (const one of left) await act(one);
  };
  await Promise.all(Array.from({ length: atOnce }, inTurn));
}

const partsOf = (stateFolder: string) => ({
  stateFolder,
  clock: systemClock,
  randomness: systemRandomness,
});

async function begin(parts: ReturnType<typeof partsOf>): Promise<Host> {
  let host: Host | null = null;
  const log: Log = {
    ...silentLog,
    info: (event, fields) => {
      if (event !== 'tree fetched' || host === null) return;
      const { component, tree, fetchedBytes } = fields as Record<string, string>;
      host.fetchedBytes = Number(fetchedBytes);
      host.tree = join(parts.stateFolder, 'components', `${component}`, 'trees', `${tree}`);
    },
    warn: (event, fields) => say({ kind: 'warned', event, cause: causeOf(fields) }),
    error: (event, fields) => say({ kind: 'warned', event, cause: causeOf(fields) }),
  };
  const agent = await runAgent({ ...parts, log, supervisorCommand: [] });
  host = { agent, fetchedBytes: null, tree: '', hasArrived: false };
  return host;
}

const causeOf = (fields: unknown): string => {
  const { cause } = (fields ?? {}) as { cause?: unknown };
  return cause instanceof Error ? cause.message : '';
};

function look(): void {
  const atMs = systemClock.now();
  const arrived: Arrival[] = [];
  for (const host of hosts) {
    const { fetchedBytes } = host;
    if (host.hasArrived || fetchedBytes === null || !host.agent.status().converged) continue;
    host.hasArrived = true;
    keepOnce(host.tree);
    arrived.push({ atMs, fetchedBytes });
  }
  if (arrived.length > 0) say({ kind: 'arrived', hosts: arrived });
}

keepDiskInMemory();
process.on('message', (message: ToHosts) => {
  if (message.kind === 'join')
    void joinAll(message.folder, message.hosts, message.atOnce).then(() => say({ kind: 'joined' }));
  else if (message.kind === 'begin') void beginAll().then(() => say({ kind: 'begun' }));
  else if (message.kind === 'direction') {
    const versions = hosts.map(({ agent }) => agent.status().direction?.snapshot ?? 0);
    say({ kind: 'direction', oldest: Math.min(...versions), newest: Math.max(...versions) });
  } else {
    for (const host of hosts) {
      host.fetchedBytes = null;
      host.hasArrived = false;
    }
    say({ kind: 'ready' });
  }
});
setInterval(look, lookEveryMs);
