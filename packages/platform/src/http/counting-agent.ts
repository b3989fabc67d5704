import type * as http from 'node:http';
import type { Agent, AgentOptions } from 'node:https';
import net from 'node:net';
import { callbackify } from 'node:util';
import type { TransferCounter } from './counters.ts';
import type { ProxyServer } from './proxy/choose.ts';
import { openTunnel } from './proxy/tunnel.ts';

/** What a request says to the agent that connects for it. */
export interface Tunnelled {
  /** Through which proxy; null: straight to the host. */
  readonly tunnel: ProxyServer | null;
  /** To be connected by the proxy takes at most so long. */
  readonly tunnelMs: number;
}

type Connection = http.ClientRequestArgs & { lookup?: net.LookupFunction } & Partial<Tunnelled>;

/**
 * Has an agent connect over TCP sockets that the counter watches, straight or through a proxy.
 * @param finish makes what the agent uses of such a socket
 */
function countOn(
  agent: http.Agent,
  counter: TransferCounter,
  usualPort: number,
  finish: (connection: Connection, tcp: net.Socket) => ReturnType<http.Agent['createConnection']>,
): void {
  agent.createConnection = (connection: Connection, callback) => {
    const { tunnel, tunnelMs, lookup } = connection;
    const host = connection.host ?? 'localhost';
    const port = Number(connection.port ?? usualPort);
    const watch = (socket: net.Socket): void => counter.watch(socket);
    if (tunnel !== undefined && tunnel !== null && tunnelMs !== undefined) {
      const connect = async () =>
        finish(connection, await openTunnel(tunnel, { host, port }, tunnelMs, watch)) as net.Socket;
      callbackify(connect)((error, socket) => callback?.(error, socket));
      return undefined;
    }
    const tcp = net.connect({ host, port, ...(lookup === undefined ? {} : { lookup }) });
    tcp.setNoDelay(true);
    watch(tcp);
    return finish(connection, tcp);
  };
}

export function countingAgent(options: http.AgentOptions, counter: TransferCounter): http.Agent {
  const agent = new (process.getBuiltinModule('node:http').Agent)(options);
  countOn(agent, counter, 80, (_connection, tcp) => tcp);
  return agent;
}

/** A TLS socket's own counters hold decrypted bytes. */
export function countingTlsAgent(options: AgentOptions, counter: TransferCounter): Agent {
  const agent = new (process.getBuiltinModule('node:https').Agent)(options);
  const createConnection = agent.createConnection.bind(agent);
  countOn(agent, counter, 443, (connection, socket) =>
    createConnection({ ...connection, socket } as Connection),
  );
  return agent;
}
