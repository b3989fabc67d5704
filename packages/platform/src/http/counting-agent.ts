import type * as http from 'node:http';
import type { Agent, AgentOptions } from 'node:https';
import net from 'node:net';
import type { SecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import { watchAddress } from './address-watch.ts';
import type { TransferCounter } from './counters.ts';
import type { ProxyServer } from './proxy/choose.ts';
import { connected, openTunnel } from './proxy/tunnel.ts';

/** What a request says to the agent that connects for it. */
export interface Tunnelled {
  /** Through which proxy; null: straight to the host. */
  readonly tunnel: ProxyServer | null;
  /** To be connected, to a name or by the proxy, takes at most so long. */
  readonly connectMs: number;
}

type Connection = http.ClientRequestArgs & { lookup?: net.LookupFunction } & Partial<Tunnelled>;

/** How long one address of a name has before the next is tried too: RFC 8305, section 8, has 2 s as the most. */
const nextAddressMs = 2_000;

/** Connects to a name by whichever of its addresses answers. */
async function dial(connection: Connection, watch: (socket: net.Socket) => void): Promise<net.Socket> {
  const { host, port, lookup, connectMs = 0 } = connection;
  const tcp = net.connect({
    host: host ?? 'localhost',
    port: Number(port),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressMs,
    ...(lookup === undefined ? {} : { lookup }),
  });
  watch(tcp);
  const late = setTimeout(() => tcp.destroy(new Error(`no connection for ${connectMs} ms`)), connectMs);
  late.unref();
  try {
    await connected(tcp, 'connect');
    return tcp;
  } finally {
    clearTimeout(late);
  }
}

/**
 * Has an agent connect over TCP sockets that the counter watches, straight or through a proxy.
 * @param finish makes what the agent uses of such a socket. It is given one of a name when that is connected: TLS over
 *   a socket that goes on to another address is torn down with the first one's handle, and the process with it.
 */
function countOn(
  agent: http.Agent,
  counter: TransferCounter,
  usualPort: number,
  finish: (connection: Connection, tcp: net.Socket) => ReturnType<http.Agent['createConnection']>,
): void {
  agent.createConnection = (connection: Connection, callback) => {
    const { tunnel, connectMs = 0 } = connection;
    const host = connection.host ?? 'localhost';
    const port = Number(connection.port ?? usualPort);
    const watch = (socket: net.Socket): void => {
      socket.setNoDelay(true);
      counter.watch(socket);
      watchAddress(socket);
    };
    const connect = async (): Promise<net.Socket> =>
      tunnel === undefined || tunnel === null
        ? await dial({ ...connection, host, port }, watch)
        : await openTunnel(tunnel, { host, port }, connectMs, watch);
    if ((tunnel ?? null) !== null || net.isIP(host) === 0) {
      const finished = async () => finish(connection, await connect()) as net.Socket;
      callbackify(finished)((error, socket) => callback?.(error, socket));
      return undefined;
    }
    const tcp = net.connect({ host, port });
    watch(tcp);
    return finish(connection, tcp);
  };
}

export function countingAgent(options: http.AgentOptions, counter: TransferCounter): http.Agent {
  const agent = new (process.getBuiltinModule('node:http').Agent)(options);
  countOn(agent, counter, 80, (_connection, tcp) => tcp);
  return agent;
}

export interface CountingTlsAgent {
  readonly agent: Agent;
  /** From now on no request is served by a connection that was made with other options. */
  use(tls: AgentOptions): void;
}

/**
 * Counts below TLS, as a TLS socket's own counters hold decrypted bytes. Connections with the same options share what
 * OpenSSL makes of certificates and keys, and are told apart by a number: not by all of those texts, for each request.
 */
export function countingTlsAgent(
  options: http.AgentOptions,
  tls: AgentOptions,
  counter: TransferCounter,
): CountingTlsAgent {
  const { Agent: HttpAgent } = process.getBuiltinModule('node:http');
  const { Agent: HttpsAgent } = process.getBuiltinModule('node:https');
  const { createSecureContext } = process.getBuiltinModule('node:tls');
  const agent = new HttpsAgent({ ...options, ...tls });
  const nameOf = (of: AgentOptions): string => HttpsAgent.prototype.getName.call(agent, of);
  let latest = { tls, name: nameOf(tls), generation: 0 };
  let context: SecureContext | null = null;
  agent.getName = (request) =>
    `${HttpAgent.prototype.getName.call(agent, request)}:${request?.servername ?? ''}:${latest.generation}`;
  const createConnection = agent.createConnection.bind(agent);
  countOn(agent, counter, 443, (connection, socket) => {
    context ??= createSecureContext(latest.tls);
    return createConnection({ ...connection, secureContext: context, socket } as Connection);
  });
  return {
    agent,
    use: (fresh) => {
      if (fresh === latest.tls) return;
      Object.assign(agent.options, fresh);
      const name = nameOf(fresh);
      const isOther = name !== latest.name;
      if (isOther) context = null;
      latest = { tls: fresh, name, generation: latest.generation + (isOther ? 1 : 0) };
    },
  };
}
