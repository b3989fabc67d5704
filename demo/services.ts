import { createServer } from 'node:net';
import { createHttpClient, readBody } from '@xylem/platform';

/** Ports of loopback that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
}

/** Asks a service of the demo which version it is: it serves its own package.json. Says what went wrong otherwise. */
export async function askVersion(port: number): Promise<string> {
  const client = createHttpClient();
  try {
    const answer = await client.request({
      method: 'GET',
      url: `http://127.0.0.1:${port}/package.json`,
      idleTimeoutMs: 5000,
    });
    const body = JSON.parse((await readBody(answer.body, 1 << 20, 'the answer')).toString('utf8')) as {
      version?: unknown;
    };
    return typeof body.version === 'string' ? body.version : `status ${answer.status}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.close();
  }
}
