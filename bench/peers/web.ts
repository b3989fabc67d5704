import { XylemError } from '@xylem/core';
import { type Cleanup, countingProxy, nginxServer } from '@xylem/testkit';

/** A folder over HTTP, reached through a proxy that counts. */
export interface Web {
  readonly url: string;
  /** What went over it since its start. */
  counted(): Promise<{ readonly wireBytes: number; readonly requests: number }>;
}

/** Debian's nginx: zsync asks for several ranges at once, and no simpler server answers that. */
export async function web(context: Cleanup, folder: string): Promise<Web> {
  const server = await nginxServer(context, folder);
  if ('skip' in server) throw new XylemError('E_INPUT', `The web server is missing: ${server.skip}.`);
  const proxy = await countingProxy(context, { port: server.port });
  return {
    url: `http://127.0.0.1:${proxy.port}`,
    counted: async () => ({
      wireBytes: proxy.bytesDown() + proxy.bytesUp(),
      requests: (await server.requests()).length,
    }),
  };
}
