import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Config, PackageDocument } from '@xylem/core';
import { imageLayout } from './images.ts';
import { type TestPackage, testPackage } from './packages.ts';

/** A container that answers its version at the port it is given, on the network of its host. */
export function httpContainer(options: {
  component: string;
  version: string;
  port: number;
  broken?: boolean;
  config?: Config;
  container?: PackageDocument['container'];
}): TestPackage {
  const { component, version, port, broken = false } = options;
  return testPackage({
    component,
    version,
    kind: 'container',
    files: imageLayout({ files: [{ path: 'www/version', content: version }] }),
    config: { port, ...options.config },
    container: {
      entrypoint: ['/bin/busybox', 'httpd'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
      command: ['-f', '-p', '127.0.0.1:${config.port}', '-h', '/www'],
      network: 'host',
      stopTimeoutMs: 2_000,
      ...options.container,
    },
    health: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
      http: { port: '${config.port}', path: broken ? '/absent' : '/version' },
      intervalMs: 50,
      timeoutMs: 1_000,
      startTimeoutMs: broken ? 300 : 20_000,
      successes: 1,
    },
  });
}

/** What is served at the port, null when nobody listens. */
export function servedVersion(port: number, path = '/version'): Promise<string | null> {
  return new Promise((resolve) => {
    get({ port, path, host: '127.0.0.1', agent: false }, (response) => resolve(text(response))).once(
      'error',
      () => resolve(null),
    );
  });
}
