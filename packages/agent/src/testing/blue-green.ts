/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */

import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { PackageDocument } from '@xylem/core';
import { type TestPackage, testPackage } from './packages.ts';

type Switch = NonNullable<NonNullable<PackageDocument['service']>['switch']>;

/** Ends when what it was given to answer is answered, and tells kept connections so. */
const program = `let ends = false;
const server = require('node:http').createServer((q, a) => {
  a.statusCode = Number(process.argv[4]);
  if (ends) a.setHeader('connection', 'close');
  a.end(process.argv[3]);
}).listen(Number(process.argv[2]), '127.0.0.1');
server.keepAliveTimeout = 60000;
process.on('SIGTERM', () => { ends = true; server.close(() => process.exit(0)); setTimeout(() => process.exit(0), Number(process.argv[5])); });
`;

/** A service that changes its version between two ports behind a router, and answers its version. */
export function blueGreenService(options: {
  readonly component: string;
  readonly version: string;
  readonly ports: readonly [number, number];
  readonly router: Switch['router'];
  readonly status?: number;
  readonly startTimeoutMs?: number;
  readonly bakeMs?: number;
  readonly drainMs?: number;
  /** After SIGTERM it answers what was begun, at most for so long. */
  readonly graceMs?: number;
  readonly smoke?: NonNullable<Switch['smoke']>;
  readonly files?: Readonly<Record<string, string>>;
}): TestPackage {
  const {
    component,
    version,
    ports,
    router,
    status = 200,
    startTimeoutMs = 10_000,
    smoke,
    files = {},
  } = options;
  const { bakeMs = 60_000, drainMs = 100, graceMs = 1_500 } = options;
  return testPackage({
    component,
    version,
    kind: 'service',
    files: { 'main.cjs': program, VERSION: version, ...files },
    service: {
      command: ['${node}', '${tree}/main.cjs', '${port}', version, String(status), String(graceMs)],
      stopTimeoutMs: graceMs + 1_500,
      switch: {
        mode: 'blue-green',
        ports,
        router,
        bakeMs,
        drainMs,
        ...(smoke === undefined ? {} : { smoke }),
      },
    },
    health: {
      http: { port: '${port}', path: '/' },
      intervalMs: 50,
      timeoutMs: 1_000,
      startTimeoutMs,
      successes: 1,
    },
  });
}

/** What one real request at the port is answered, null when none is. */
export function answerAt(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(text(response))).once('error', () =>
      resolve(null),
    );
  });
}
