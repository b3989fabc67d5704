import { XylemError } from '@xylem/core';

/** Reads `host:port`, `[::]:port` or a port alone. @throws XylemError E_INPUT */
export function readAddress(word: string, flag: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(word);
  const port = Number(match?.[2]);
  if (match !== null && port <= 65_535) {
    return { host: match[1]?.replace(/^\[(.*)\]$/, '$1') ?? '127.0.0.1', port };
  }
  throw new XylemError(
    'E_INPUT',
    `${flag} ${word} is no address. Write host:port, as in 0.0.0.0:8441, or a port alone.`,
  );
}
