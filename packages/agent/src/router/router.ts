import type { Clock, Log } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';
import type { Supervisor } from '../supervisor/client.ts';

/** What leads clients to one of the two instances of a service. One contract suite runs over all of them. */
export interface Router {
  /** Where new connections go now: one of the two ports, or null: to neither or to both. Asked, never remembered. */
  show(): Promise<number | null>;
  /** New connections go to `port` of this host, and to nothing else, when it resolves. Doing it again does no harm. */
  route(port: number): Promise<void>;
  /** Connections or requests that are still with `port`; null where this router can't say. */
  connections(port: number): Promise<number | null>;
  /** The component goes: nothing of it is led anywhere any more. */
  release(): Promise<void>;
}

/** What routers act with. All of their methods throw XylemError E_ROUTER when the router can't be asked or told. */
export interface RouterTools {
  readonly layout: StateLayout;
  readonly supervisor: Supervisor;
  /** See `AgentOptions.forwarderCommand`. */
  readonly forwarderCommand?: readonly string[] | undefined;
  /** See `RunTools`. */
  readonly isOnlooker?: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}
