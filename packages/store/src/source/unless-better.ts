import type { Clock } from '@xylem/platform';

/**
 * Asks a source that holds the question, and gives up when one that comes before it may be asked again.
 * @param betterAgainMs when that is; null: no better one was left
 * @throws what `ask` throws; the signal's reason
 */
export async function unlessBetter<T>(
  clock: Clock,
  betterAgainMs: number | null,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'better-again'> {
  if (betterAgainMs === null) return await ask(signal);
  const [again, over] = [new AbortController(), new AbortController()];
  void clock.sleep(betterAgainMs, AbortSignal.any([signal, over.signal])).then(
    () => again.abort(),
    () => undefined,
  );
  try {
    return await ask(AbortSignal.any([signal, again.signal]));
  } catch (error) {
    if (!again.signal.aborted || signal.aborted) throw error;
    return 'better-again';
  } finally {
    over.abort();
  }
}
