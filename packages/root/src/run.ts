import type { Clock, Log, Randomness } from '@xylem/platform';

export interface RunRootOptions {
  readonly stateFolder: string;
  /** Plain HTTP for the API and the status page; keep it on loopback. Port 0: any. */
  readonly api: { readonly host: string; readonly port: number };
  /** TLS for nodes (and for the API from elsewhere). `url`: how nodes reach it; default `https://<host>:<port>`. */
  readonly nodes: { readonly host: string; readonly port: number; readonly url?: string };
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

export interface RunningRoot {
  readonly apiUrl: string;
  readonly nodesUrl: string;
  /** Stops taking requests, finishes what is being written, releases the lock. */
  close(): Promise<void>;
}

/** Runs the root server of a state folder that `initRoot` made, until `close` or `signal`. */
export function runRoot(_options: RunRootOptions): Promise<RunningRoot> {
  throw new Error('not yet');
}
