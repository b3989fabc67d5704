import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';

/** Of what is sent up, its answer included: an upload over a slow line has its time, an answer that never ends has not. */
export const sentWithinMs = 600_000;

/** Whose time bounds what is read, and what else ends it. */
export interface InTime {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal?: AbortSignal;
}

/**
 * Ends what is not whole after so long. A parent that gives a byte now and then is never idle, and would hold this node
 * for ever without a word to say that it is stale.
 * @throws XylemError E_PARENT_STALE, or what `act` throws
 */
export async function within<T>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  what: string,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const [late, over] = [new AbortController(), new AbortController()];
  void clock.sleep(Math.ceil(ms), over.signal).then(
    () => late.abort(),
    () => undefined,
  );
  try {
    return await act(signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]));
  } catch (cause) {
    signal?.throwIfAborted();
    if (!late.signal.aborted) throw cause;
    const message = `${what} was not whole after ${Math.ceil(ms / 1_000)} s.`;
    throw new XylemError('E_PARENT_STALE', message, { cause, retry: 'elsewhere' });
  } finally {
    over.abort();
  }
}
