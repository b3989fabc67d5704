import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose request is being answered, and from where. */
export interface Origin {
  /** As the audit log names whoever asks; absent: what a change says itself. */
  readonly who?: string;
  readonly from: string | null;
}

const storage = new AsyncLocalStorage<Origin>();

/**
 * Whatever `work` appends to the audit log is by this origin. Said once, where a request comes in, so that no
 * change on its way through many functions can name someone else or forget it.
 */
export function withOrigin<T>(origin: Origin, work: () => T): T {
  return storage.run(origin, work);
}

/** Of the request that is being answered; null for what the root server does by itself. */
export function currentOrigin(): Origin | null {
  return storage.getStore() ?? null;
}

/** `10.0.0.7`, also where the socket speaks of it as `::ffff:10.0.0.7`. */
export function addressOf(remoteAddress: string | undefined): string | null {
  return remoteAddress?.replace(/^::ffff:(?=\d)/, '') ?? null;
}
