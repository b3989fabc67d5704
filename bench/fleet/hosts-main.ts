// Many hosts in one process: the agent's own code, each with an identity, connections and a state folder of its own. The
// disk counts as memory: nothing is synced, for ten thousand hosts have ten thousand disks, and this machine has one.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { joinHost, type RunningAgent, runAgent } from '@xylem/agent';
import { type Log, silentLog, systemClock, systemRandomness } from '@xylem/platform';

/** What the bench says to such a process, and what it answers. */
export type ToHosts =
  | { readonly kind: 'join'; readonly folder: string; readonly hosts: readonly HostToJoin[] }
  | { readonly kind: 'watch' };
export interface HostToJoin {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}
export type FromHosts =
  | { readonly kind: 'joined' }
  | { readonly kind: 'arrived'; readonly atMs: readonly number[] }
  | { readonly kind: 'warned'; readonly event: string; readonly cause: string }
  | { readonly kind: 'ready' };

interface Host {
  readonly agent: RunningAgent;
  hasFetched: boolean;
  hasArrived: boolean;
}

const joinsAtOnce = 8;
const lookEveryMs = 50;
const hosts: Host[] = [];

const say = (message: FromHosts): void => void process.send?.(message);

async function joinAll(folder: string, all: readonly HostToJoin[]): Promise<void> {
  const left = all.values();
  const inTurn = async (): Promise<void> => {
    for (const one of left) hosts.push(await begin(join(folder, one.name), one));
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, inTurn));
}

async function begin(stateFolder: string, { name, url, token }: HostToJoin): Promise<Host> {
  const parts = { stateFolder, clock: systemClock, randomness: systemRandomness };
  await joinHost({ ...parts, log: silentLog, url, token, name, serve: false });
  let host: Host | null = null;
  const log: Log = {
    ...silentLog,
    info: (event) => {
      if (event === 'tree fetched' && host !== null) host.hasFetched = true;
    },
    warn: (event, fields) => say({ kind: 'warned', event, cause: causeOf(fields) }),
    error: (event, fields) => say({ kind: 'warned', event, cause: causeOf(fields) }),
  };
  const agent = await runAgent({ ...parts, log, supervisorCommand: [] });
  host = { agent, hasFetched: false, hasArrived: false };
  return host;
}

const causeOf = (fields: unknown): string => {
  const { cause } = (fields ?? {}) as { cause?: unknown };
  return cause instanceof Error ? cause.message : '';
};

function look(): void {
  const nowMs = systemClock.now();
  const atMs: number[] = [];
  for (const host of hosts) {
    if (host.hasArrived || !host.hasFetched || !host.agent.status().converged) continue;
    host.hasArrived = true;
    atMs.push(nowMs);
  }
  if (atMs.length > 0) say({ kind: 'arrived', atMs });
}

async function syncNothing(): Promise<void> {
  await using file = await open(import.meta.filename);
  const handles = Object.getPrototypeOf(file) as Pick<typeof file, 'sync' | 'datasync'>;
  handles.sync = handles.datasync = async () => undefined;
}

await syncNothing();
process.on('message', (message: ToHosts) => {
  if (message.kind === 'join')
    void joinAll(message.folder, message.hosts).then(() => say({ kind: 'joined' }));
  else {
    for (const host of hosts) {
      host.hasFetched = false;
      host.hasArrived = false;
    }
    say({ kind: 'ready' });
  }
});
setInterval(look, lookEveryMs);
