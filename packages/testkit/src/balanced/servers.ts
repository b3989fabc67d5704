import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Cleanup } from '../cleanup.ts';
import { freePort } from '../free-port.ts';
import { startProcess } from '../start-process.ts';
import { waitUntil } from '../wait-until.ts';

/** A host's service, on this machine. */
export interface Balanced {
  readonly host: string;
  readonly port: number;
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** HAProxy over services that answer `/health`, each request to the next. @returns the port of its front */
export async function balancer(
  context: Cleanup,
  folder: string,
  services: readonly Balanced[],
): Promise<number> {
  const port = await freePort();
  const config = join(folder, 'haproxy.cfg');
  const servers = services.map(
    ({ host, port: own }) => `  server ${host} 127.0.0.1:${own} check inter 500ms fall 2 rise 1\n`,
  );
  await writeFile(
    config,
    `global
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  retries 5
  option redispatch 1
frontend shop
  bind 127.0.0.1:${port}
  default_backend shop
backend shop
  balance roundrobin
  option httpchk GET /health
${servers.join('')}`,
  );
  const started = await startProcess({ context, command: '/usr/sbin/haproxy', args: ['-db', '-f', config] });
  await waitUntil(() => accepts(port), 30_000, `HAProxy to listen: ${started.stderr()}`);
  return port;
}

/** Prometheus that scrapes the services' `/metrics` each second, by the label `host`. @returns its address */
export async function prometheusOver(
  context: Cleanup,
  folder: string,
  services: readonly Balanced[],
): Promise<string> {
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  const targets = services.map(({ host, port: own }) => ({
    targets: [`127.0.0.1:${own}`],
    labels: { host },
  }));
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'shop', static_configs: targets }],
    }),
  );
  const started = await startProcess({
    context,
    command: '/usr/bin/prometheus',
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  const isUp = async (): Promise<boolean> => existsSync(join(folder, 'prometheus')) && (await accepts(port));
  await waitUntil(isUp, 60_000, `Prometheus to listen: ${started.stderr()}`);
  return `http://127.0.0.1:${port}`;
}
