import type { ServerResponse } from 'node:http';

/** Bounds what those who have no certificate can hold open, so that installing machines never takes from children. */
export interface Strangers {
  /** True: the answer may begin, and is broken off when its time is over; a download is resumed. */
  admit(response: ServerResponse): true | 'busy';
}

const mostAtOnce = 32;
const withinMs = 30 * 60_000;

export function boundStrangers(most = mostAtOnce, longestMs = withinMs): Strangers {
  let open = 0;
  return {
    admit: (response) => {
      if (open >= most) return 'busy';
      open += 1;
      const end = setTimeout(() => response.destroy(), longestMs);
      end.unref();
      response.once('close', () => {
        open -= 1;
        clearTimeout(end);
      });
      return true;
    },
  };
}
