import { XylemError } from '@xylem/core';
import { replaceOwned } from '../owned-file.ts';
import type { Router, RouterTools } from '../router.ts';
import { type HaproxyServer, haproxyCommand, serversIn, sessionsIn } from './runtime.ts';

export interface HaproxyPlace {
  /** Of its stats socket with level admin. */
  readonly socket: string;
  readonly backend: string;
  /** Where its state is written after a switch, for it to begin with after a restart. */
  readonly stateFile: string | null;
}

const settleMs = 5_000;
const pauseMs = 20;
/** Its answers to what could not be done; others are silence or say what was done. */
const refused = /^(No such|Require|Missing|Unknown|'set server|Permission|Can't)/m;

/**
 * HAProxy by its runtime socket. The backend has a server at 127.0.0.1 for each of the two ports: the one that leads is
 * ready, the other drains.
 */
export function haproxyRouter(place: HaproxyPlace, ports: readonly number[], tools: RouterTools): Router {
  const { socket, backend, stateFile } = place;
  for (const [what, text] of [
    ['backend', backend],
    ['socket', socket],
  ] as const) {
    // It goes into a command line of HAProxy's, where a semicolon or a blank would begin another word.
    if (!/^[A-Za-z0-9_.:/-]+$/.test(text))
      throw new XylemError('E_ROUTER', `${JSON.stringify(text)} can't be HAProxy's ${what}.`);
  }
  const servers = async (): Promise<readonly HaproxyServer[]> => {
    const found = serversIn(await haproxyCommand(socket, `show servers state ${backend}`));
    // Those of other hosts are not ours to drain.
    return found.filter(({ address }) => /^(127\.|::1$)/.test(address));
  };
  const serverAt = (all: readonly HaproxyServer[], port: number): HaproxyServer => {
    const own = all.find((server) => server.port === port);
    if (own !== undefined) return own;
    throw new XylemError(
      'E_ROUTER',
      `HAProxy's backend ${backend} has no server at 127.0.0.1:${port}; add one for each of the ports ${ports.join(' and ')}.`,
    );
  };
  const set = async ({ name }: HaproxyServer, what: string): Promise<void> => {
    const said = (await haproxyCommand(socket, `set server ${backend}/${name} ${what}`)).trim();
    if (refused.test(said)) {
      throw new XylemError('E_ROUTER', `HAProxy refused "set server ${backend}/${name} ${what}": ${said}`);
    }
  };
  const showPort = async (): Promise<number | null> => {
    const leading = (await servers()).filter(({ leads }) => leads);
    return leading.length === 1 ? (leading[0]?.port ?? null) : null;
  };

  return {
    show: showPort,
    route: async (port) => {
      const all = await servers();
      const next = serverAt(all, port);
      // Its own check may still think that nothing is there; a server without one says so, and that is well.
      await haproxyCommand(socket, `set server ${backend}/${next.name} health up`);
      await set(next, 'state ready');
      for (const other of all) if (other.port !== port) await set(other, 'state drain');
      const deadlineMs = tools.clock.monotonicMs() + settleMs;
      while ((await showPort()) !== port) {
        if (tools.clock.monotonicMs() > deadlineMs) {
          throw new XylemError('E_ROUTER', `HAProxy does not take ${backend}/${next.name} for usable.`);
        }
        await tools.clock.sleep(pauseMs, tools.signal);
      }
      if (stateFile === null) return;
      const state = await haproxyCommand(socket, `show servers state ${backend}`);
      await replaceOwned(stateFile, state.trimStart(), (text) => text.startsWith('1\n# be_id'));
    },
    connections: async (port) => {
      const { name } = serverAt(await servers(), port);
      return sessionsIn(await haproxyCommand(socket, 'show stat'), backend, name);
    },
    release: async () => {
      for (const server of await servers()) await set(server, 'state maint');
    },
  };
}
