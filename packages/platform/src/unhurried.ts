import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The items, one after the other; after every so many of them the process does first what else is to be done. Work
 * that never waits for anything but an embedded database would keep all else waiting.
 */
export async function* unhurried<T>(items: Iterable<T>, atOnce = 1): AsyncGenerator<T, void, undefined> {
  let count = 0;
  for (const item of items) {
    if (count > 0 && count % atOnce === 0) await nextTurn();
    count += 1;
    yield item;
  }
}

/** Lets who asks go on one after the other, each once the process has done what else is to be done. */
export function turnstile(): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return async () => {
    const own = last.then(() => nextTurn());
    last = own;
    await own;
  };
}
