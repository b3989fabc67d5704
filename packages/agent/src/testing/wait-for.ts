import { pauseAfter } from '@xylem/testkit';

/** Waits for a state, with a deadline. Looks every 20 ms, or as often as leaves half of the time to others. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const begun = performance.now();
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, Math.max(20, pauseAfter(performance.now() - begun))));
  }
}
