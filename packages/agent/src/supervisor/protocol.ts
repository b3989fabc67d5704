import type { ProcessIdentity } from '../state/process-identity.ts';

/** Raised when a request or its answer changes meaning; both sides say theirs in `hello`. */
export const supervisorProtocol = 1;

/** What to run. Two specs with the same fingerprint are the same service, and starting it again does nothing. */
export interface ServiceSpec {
  readonly component: string;
  /** Absolute program and its arguments; no shell sees it. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly stopTimeoutMs: number;
  /** Digest of the tree that it runs from. */
  readonly tree: string;
  /** Digest over everything above. */
  readonly fingerprint: string;
}

export interface LastExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started. */
  readonly error: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What the supervisor sees of one service now. */
export interface ServiceState {
  readonly component: string;
  readonly tree: string;
  readonly fingerprint: string;
  /** The live process, null between an exit and the next try. */
  readonly process: ProcessIdentity | null;
  /** Epoch milliseconds of the last start. */
  readonly startedAt: number;
  /** Starts after an exit that nobody asked for, since the service was started. */
  readonly restarts: number;
  readonly lastExit: LastExit | null;
}

/** One JSON document a line in both directions. */
export type SupervisorRequest =
  | { readonly id: number; readonly op: 'hello' }
  | { readonly id: number; readonly op: 'list' }
  | { readonly id: number; readonly op: 'start'; readonly spec: ServiceSpec }
  | { readonly id: number; readonly op: 'stop'; readonly component: string }
  /** End the supervisor and leave the services running, for the next one to adopt. */
  | { readonly id: number; readonly op: 'handover' };

export type SupervisorAnswer =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** Sent to every connection when a service started, ended or was forgotten. */
export interface SupervisorEvent {
  readonly event: 'changed';
  readonly component: string;
}

export const maxLineBytes = 1024 * 1024;

export function parseServiceSpec(value: unknown): ServiceSpec | null {
  if (typeof value !== 'object' || value === null) return null;
  const { component, command, environment, workingFolder, stopTimeoutMs, tree, fingerprint } =
    value as Record<string, unknown>;
  if (typeof component !== 'string' || typeof workingFolder !== 'string') return null;
  if (typeof tree !== 'string' || typeof fingerprint !== 'string' || typeof stopTimeoutMs !== 'number')
    return null;
  if (!isStrings(command) || command.length === 0) return null;
  if (typeof environment !== 'object' || environment === null || !isStrings(Object.values(environment)))
    return null;
  return {
    component,
    command,
    environment: environment as Record<string, string>,
    workingFolder,
    stopTimeoutMs,
    tree,
    fingerprint,
  };
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
