import type { Agent, AgentOptions } from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { TransferCounter } from './counters.ts';

const https = process.getBuiltinModule('node:https');

type CreateConnection = Agent['createConnection'];

/**
 * An agent whose TLS connections run over TCP sockets that the counter watches: a TLS socket's own counters
 * hold decrypted bytes. Behind a proxy the agent makes the tunnel itself and only decrypted bytes are known.
 */
export class CountingTlsAgent extends https.Agent {
  readonly #counter: TransferCounter;
  readonly #proxied: boolean;

  constructor(options: AgentOptions, counter: TransferCounter, proxied: boolean) {
    super(options);
    this.#counter = counter;
    this.#proxied = proxied;
  }

  override createConnection(...[options, callback]: Parameters<CreateConnection>): Duplex | null | undefined {
    if (this.#proxied) return super.createConnection(options, callback);
    const tcp = net.connect({ host: options.host ?? 'localhost', port: Number(options.port ?? 443) });
    tcp.setNoDelay(true);
    this.#counter.watch(tcp);
    const withSocket = { ...options, socket: tcp };
    return super.createConnection(withSocket as typeof options, callback);
  }
}
