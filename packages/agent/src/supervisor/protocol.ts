import type { ProcessIdentity } from '../state/process-identity.ts';
import { isTerms, type ServiceTerms } from './terms.ts';

/** Raised when a request or its answer changes meaning; both sides say theirs in `hello`. */
export const supervisorProtocol = 5;

/** What to run. Two specs with the same fingerprint are the same service, and starting it again does nothing. */
export interface ServiceSpec {
  readonly component: string;
  /**
   * Which of a component's services this is, where several run side by side: `<component>@<name>`. Absent: the
   * component's one. At most one service of each instance runs; its log bears the instance's name.
   */
  readonly instance?: string;
  /** Absolute program and its arguments; no shell sees it. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  readonly stopTimeoutMs: number;
  /** Digest of the tree that it runs from. */
  readonly tree: string;
  /** Variables that hold sealed values, with the values' versions in their places: the values come beside the spec. */
  readonly sealed?: Readonly<Record<string, string>>;
  /** Absent: as it always was. */
  readonly terms?: ServiceTerms;
  /** Digest over everything above. */
  readonly fingerprint: string;
}

/** What a service is known by. Pure. */
export function instanceOf({ component, instance }: Pick<ServiceSpec, 'component' | 'instance'>): string {
  return instance ?? component;
}

export interface LastExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started. */
  readonly error: string | null;
  /** Why it was ended, where that is known: the rest of a sentence. */
  readonly cause?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What the supervisor sees of one service now. */
export interface ServiceState {
  readonly component: string;
  /** The component's name where there is one service of it. */
  readonly instance: string;
  readonly tree: string;
  readonly fingerprint: string;
  /** The live process, null between an exit and the next try. */
  readonly process: ProcessIdentity | null;
  /** Epoch milliseconds of the last start. */
  readonly startedAt: number;
  /** Starts after an exit that nobody asked for, since the service was started. */
  readonly restarts: number;
  readonly lastExit: LastExit | null;
  /** It ended, and its restart policy leaves it at that. */
  readonly rests?: boolean;
  /** It is not started again before it was given its sealed variables: this supervisor never had them. */
  readonly wantsSecrets?: boolean;
  /**
   * Others started it, from this folder. Without a process: the host was started anew since, and whoever started it then
   * may have done so again; it is not started before it was asked for.
   */
  readonly adopted?: { readonly path: string };
}

/** Variables in plain text. In memory alone, and in the service's own environment. */
export type SecretVariables = Readonly<Record<string, string>>;

/** One JSON document a line in both directions. */
export type SupervisorRequest =
  | { readonly id: number; readonly op: 'hello' }
  | { readonly id: number; readonly op: 'list' }
  | {
      readonly id: number;
      readonly op: 'start';
      readonly spec: ServiceSpec;
      readonly secrets: SecretVariables;
    }
  | {
      readonly id: number;
      readonly op: 'stop';
      readonly instance: string;
      /** The same again: protocol 2, in which a component had one service, reads this. */
      readonly component: string;
    }
  /** From now on the process that others started is this service. */
  | {
      readonly id: number;
      readonly op: 'adopt';
      readonly spec: ServiceSpec;
      readonly secrets: SecretVariables;
      readonly process: ProcessIdentity;
      readonly path: string;
    }
  /** Forget a service that was adopted, and leave it running. */
  | { readonly id: number; readonly op: 'disown'; readonly instance: string }
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
  const {
    component,
    instance,
    command,
    environment,
    workingFolder,
    stopTimeoutMs,
    tree,
    fingerprint,
    sealed,
    terms,
  } = value as Record<string, unknown>;
  if (typeof component !== 'string' || typeof workingFolder !== 'string') return null;
  if (instance !== undefined && typeof instance !== 'string') return null;
  if (typeof tree !== 'string' || typeof fingerprint !== 'string' || typeof stopTimeoutMs !== 'number')
    return null;
  if (!isStrings(command) || command.length === 0) return null;
  if (!isVariables(environment) || (sealed !== undefined && !isVariables(sealed))) return null;
  if (terms !== undefined && !isTerms(terms)) return null;
  return {
    component,
    ...(instance === undefined ? {} : { instance }),
    command,
    environment,
    workingFolder,
    stopTimeoutMs,
    tree,
    ...(sealed === undefined ? {} : { sealed }),
    ...(terms === undefined ? {} : { terms }),
    fingerprint,
  };
}

export function isVariables(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && isStrings(Object.values(value));
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
