import type { Agent, AgentOptions } from 'node:https';
import net from 'node:net';
import type { TransferCounter } from './counters.ts';

/**
 * An agent whose TLS connections run over TCP sockets that the counter watches: a TLS socket's own counters
 * hold decrypted bytes. Behind a proxy the agent makes the tunnel itself and only decrypted bytes are known.
 */
export function countingTlsAgent(options: AgentOptions, counter: TransferCounter, proxied: boolean): Agent {
  const https = process.getBuiltinModule('node:https');
  const agent = new https.Agent(options);
  if (proxied) return agent;
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (connection, callback) => {
    const { lookup } = connection as { lookup?: net.LookupFunction };
    const tcp = net.connect({
      host: connection.host ?? 'localhost',
      port: Number(connection.port ?? 443),
      ...(lookup === undefined ? {} : { lookup }),
    });
    tcp.setNoDelay(true);
    counter.watch(tcp);
    const withSocket = { ...connection, socket: tcp };
    return createConnection(withSocket as typeof connection, callback);
  };
  return agent;
}
