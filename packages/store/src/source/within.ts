import { XylemError } from '@xylem/core';

/**
 * Ends what is not whole after so long. A parent that gives a byte now and then is never idle, and would hold this host
 * for ever without a word to say that it is stale.
 * @throws XylemError E_PARENT_STALE, or what `act` throws
 */
export async function within<T>(
  ms: number,
  what: string,
  signal: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(Math.ceil(ms));
  try {
    return await act(signal === undefined ? late : AbortSignal.any([signal, late]));
  } catch (cause) {
    signal?.throwIfAborted();
    if (!late.aborted) throw cause;
    const message = `${what} was not whole after ${Math.ceil(ms / 1_000)} s.`;
    throw new XylemError('E_PARENT_STALE', message, { cause, retry: 'elsewhere' });
  }
}
