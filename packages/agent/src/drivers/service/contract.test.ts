import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { freePort } from '@xylem/testkit';
import { driverContract } from '../../testing/driver-contract.ts';
import { httpService } from '../../testing/packages.ts';

driverContract({
  kind: 'service',
  staysInSlot: true,
  machine: async () => {
    const port = await freePort();
    return {
      version: (version, { broken = false } = {}) =>
        httpService({
          component: 'thing',
          version,
          port,
          ...(broken ? { status: 500, startTimeoutMs: 300 } : {}),
        }),
      inEffect: () => answerOf(port),
      close: async () => undefined,
    };
  },
});

/** What is served at the port, null when nobody listens. */
function answerOf(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(text(response))).once('error', () =>
      resolve(null),
    );
  });
}
