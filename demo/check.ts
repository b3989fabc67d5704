import { join } from 'node:path';
import { differences, listing } from '@xylem/testkit';
import type { Fleet } from './fleet.ts';
import { demoHosts } from './nodes.ts';
import { askVersion } from './services.ts';

/** What the publisher has for each component of a release: the folder that it was published from. */
export type Published = ReadonlyMap<string, string>;

export interface Checked {
  readonly files: number;
  readonly hosts: number;
  readonly faults: readonly string[];
}

/** Compares every file of every host with the publisher's, by SHA-256, and asks each service for its version. */
export async function checkFleet(fleet: Fleet, published: Published, webVersion: string): Promise<Checked> {
  const wanted = new Map(
    await Promise.all(
      [...published].map(async ([component, tree]) => [component, await listing(tree)] as const),
    ),
  );
  const faults: string[] = [];
  let files = 0;
  for (const host of demoHosts) {
    for (const [component, tree] of wanted) {
      if (component === 'http-server' && host.labels.role !== 'web') continue;
      const current = join(fleet.folders.get(host.name) ?? '', 'components', component, 'current');
      const found = await listing(current).catch((error: Error) => new Map([['.', error.message]]));
      const lines = differences(tree, found);
      files += tree.size - Math.min(lines.length, tree.size);
      faults.push(...lines.slice(0, 5).map((line) => `${host.name} ${component}: ${line}`));
    }
  }
  for (const [name, port] of fleet.webPorts) {
    const version = await askVersion(port);
    if (version !== webVersion)
      faults.push(`${name}: http://127.0.0.1:${port}/ answers ${version} instead of ${webVersion}`);
  }
  return { files, hosts: demoHosts.length, faults };
}

/** One line for each web service: where it is and which version answers. */
export async function serviceLines(fleet: Fleet): Promise<string[]> {
  return Promise.all(
    [...fleet.webPorts].map(
      async ([name, port]) =>
        `  ${name.padEnd(14)} http://127.0.0.1:${port}/  answers as http-server ${await askVersion(port)}`,
    ),
  );
}
