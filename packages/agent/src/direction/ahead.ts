import type { FileFetch } from './metadata-source.ts';

/** Files of one parent, some of which are asked for before they are needed. */
export interface Ahead {
  readonly fetch: FileFetch;
  /** Asks now for what `fetch` will be asked for soon; its outcome, fault and all, goes to the next who asks. */
  begin(path: string, maxBytes: number): void;
}

/** More than this at once would only fill memory: each is held whole until it is taken. */
const mostBegun = 4;

/**
 * TUF's client workflow asks for one file after the other, each by what the former said. Those whose names are known
 * beforehand can be on their way together: a parent far off then costs fewer round trips, not fewer requests.
 */
export function ahead(next: FileFetch): Ahead {
  const begun = new Map<string, Promise<Uint8Array | null>>();
  return {
    begin: (path, maxBytes) => {
      if (begun.has(path) || begun.size >= mostBegun) return;
      const coming = next(path, maxBytes);
      coming.catch(() => undefined);
      begun.set(path, coming);
    },
    fetch: async (path, maxBytes) => {
      const coming = begun.get(path);
      begun.delete(path);
      return await (coming ?? next(path, maxBytes));
    },
  };
}
