/** Raised when a request or its answer changes meaning. */
export const forwarderProtocol = 1;

/** Of the forwarder among the supervised services: no component can have this name. */
export const forwarderComponent = '@forwarder';

/** Where what arrives at one address goes. */
export interface ForwarderRoute {
  readonly component: string;
  readonly host: string;
  readonly listenPort: number;
  /** On 127.0.0.1. */
  readonly port: number;
}

export interface RouteState extends ForwarderRoute {
  /** Open connections by the port that they went to. */
  readonly connections: Readonly<Record<string, number>>;
  /** Why it does not listen, or null. */
  readonly fault: string | null;
}

/** One JSON document a line in both directions. */
export type ForwarderRequest =
  | { readonly op: 'list' }
  | { readonly op: 'route'; readonly route: ForwarderRoute }
  | { readonly op: 'release'; readonly component: string };

export type ForwarderAnswer =
  | {
      readonly protocol: number;
      readonly pid: number;
      readonly ok: true;
      readonly routes: readonly RouteState[];
    }
  | { readonly protocol: number; readonly pid: number; readonly ok: false; readonly message: string };

export function parseRoute(value: unknown): ForwarderRoute | null {
  if (typeof value !== 'object' || value === null) return null;
  const { component, host, listenPort, port } = value as Record<string, unknown>;
  if (typeof component !== 'string' || typeof host !== 'string' || host === '') return null;
  return isPort(listenPort) && isPort(port) ? { component, host, listenPort, port } : null;
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}
