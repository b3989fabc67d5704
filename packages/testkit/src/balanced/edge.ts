import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from '../cleanup.ts';
import { freePort } from '../free-port.ts';
import { startNode } from '../lab.ts';
import type { Program } from '../program.ts';
import { startProcess } from '../start-process.ts';

const example = join(import.meta.dirname, '../../../../docs/examples/haproxy-traffic');

/** A HAProxy whose configuration is a component of Xylem, over two groups of servers. */
export interface Edge {
  /** `host:port` where it listens. */
  readonly front: string;
  /** What the environment's YAML says of it; the other keys of its products are the caller's. */
  readonly product: object;
  /** What the product that it serves says under `traffic`. */
  readonly traffic: object;
  /** Brings it up on a host `lb-1` of an environment with that YAML. */
  start(context: Cleanup, xylem: Program): Promise<void>;
}

/**
 * The example of docs/traffic.md as it stands, but for where this machine's HAProxy has its file and how it is told.
 * @param servers `host:port` by group
 */
export async function edge(
  folder: string,
  environment: string,
  servers: { readonly blue: readonly string[]; readonly green: readonly string[] },
): Promise<Edge> {
  const front = `127.0.0.1:${await freePort()}`;
  const at = (name: string): string => join(folder, 'haproxy', name);
  return {
    front,
    product: { components: { edge: { where: 'role = lb', config: { bind: front, ...servers } } } },
    traffic: { component: 'edge', key: 'serving', label: 'color', groups: ['blue', 'green'] },
    start: async (context, xylem) => {
      await mkdir(join(folder, 'haproxy'), { recursive: true });
      const made = join(folder, 'edge');
      await cp(example, made, { recursive: true });
      const manifest = await readFile(join(example, 'xylem.yaml'), 'utf8');
      const told = `[/bin/sh, -c, 'kill -USR2 "$(cat ${at('pid')})" 2>/dev/null || true']`;
      await writeFile(
        join(made, 'xylem.yaml'),
        manifest
          .replace('/etc/haproxy/haproxy.cfg', at('haproxy.cfg'))
          .replace('[systemctl, reload, haproxy]', told),
      );
      await xylem.command(['package', 'publish', made]);
      await xylem.command(['release', 'create', 'edges@1.0.0', '--with', 'edge@1.0.0']);
      const tokenWords = ['--label', 'role=lb'];
      await startNode(xylem, { name: 'lb-1', environment, state: join(folder, 'lb-1'), tokenWords });
      const how = ['--strategy', 'all-at-once', '--watch', '--yes', '--timeout', '60'];
      await xylem.command(['deploy', 'edges@1.0.0', '--to', environment, ...how]);
      await startProcess({
        context,
        command: '/usr/sbin/haproxy',
        args: ['-W', '-db', '-f', at('haproxy.cfg'), '-p', at('pid')],
      });
    },
  };
}
