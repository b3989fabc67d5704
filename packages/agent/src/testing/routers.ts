import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { RouterBlock } from '@xylem/core';
import {
  freePort,
  installDebian,
  type StartedProcess,
  startProcess,
  type Unavailable,
  waitUntil,
} from '@xylem/testkit';

export type RouterKind = 'builtin' | 'haproxy' | 'nginx' | 'command';

/** A real router on free ports, and how a package names it. */
export interface TestRouter {
  readonly block: RouterBlock;
  /** Where clients come; null for one that leads nobody. */
  readonly front: number | null;
  readonly ports: readonly [number, number];
  /** Ends it as a crash does and starts it again; absent where it has no process of its own. */
  readonly restart?: () => Promise<void>;
  close(): Promise<void>;
}

type Ends = Parameters<typeof startProcess>[0]['context'];

/** @param folder a new one */
export async function testRouter(
  kind: RouterKind,
  context: Ends,
  folder: string,
): Promise<TestRouter | Unavailable> {
  const [front, blue, green] = [await freePort(), await freePort(), await freePort()];
  const ports = [blue, green] as const;
  switch (kind) {
    case 'builtin':
      return {
        block: { builtin: { listen: `127.0.0.1:${front}` } },
        front,
        ports,
        close: async () => undefined,
      };
    case 'command':
      return { block: await commandBlock(folder), front: null, ports, close: async () => undefined };
    case 'haproxy':
      return (await installDebian('haproxy')) ?? (await haproxy(context, folder, front, ports));
    case 'nginx':
      return (await installDebian('nginx-light')) ?? (await nginx(context, folder, front, ports));
  }
}

async function commandBlock(folder: string): Promise<RouterBlock> {
  const where = join(folder, 'where');
  const program = `const fs = require('node:fs'); const [, where, port] = process.argv;
if (port) fs.writeFileSync(where, port); else process.stdout.write(fs.existsSync(where) ? fs.readFileSync(where) : '');`;
  const command = [process.execPath, '-e', program, where];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
  return { command: { show: command, switch: [...command, '${port}'] } };
}

async function haproxy(
  context: Ends,
  folder: string,
  front: number,
  [blue, green]: readonly [number, number],
): Promise<TestRouter> {
  const socket = join(folder, 'haproxy.sock');
  const stateFile = join(folder, 'haproxy.state');
  const config = join(folder, 'haproxy.cfg');
  await writeFile(
    config,
    `global
  stats socket ${socket} mode 600 level admin
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend shop
  bind 127.0.0.1:${front}
  default_backend shop
backend shop
  load-server-state-from-file local
  server-state-file-name ${stateFile}
  server blue 127.0.0.1:${blue} check inter 500ms
  server green 127.0.0.1:${green} check inter 500ms
`,
  );
  const start = async (): Promise<StartedProcess> => {
    const started = await startProcess({
      context,
      command: '/usr/sbin/haproxy',
      args: ['-db', '-f', config],
    });
    const isUp = async (): Promise<boolean> => existsSync(socket) && (await accepts(front));
    await waitUntil(isUp, 20_000, `HAProxy to listen: ${started.stderr()}`);
    return started;
  };
  let running = await start();
  return {
    block: { haproxy: { socket, backend: 'shop', stateFile } },
    front,
    ports: [blue, green],
    restart: async () => {
      await running.kill();
      running = await start();
    },
    close: () => running.kill(),
  };
}

async function nginx(
  context: Ends,
  folder: string,
  front: number,
  ports: readonly [number, number],
): Promise<TestRouter> {
  const upstreamFile = join(folder, 'upstream.conf');
  const config = join(folder, 'nginx.conf');
  await writeFile(upstreamFile, '# Written by Xylem\nserver 127.0.0.1:9 down;\n');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  await writeFile(
    config,
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off; ${temporary}
  keepalive_timeout 60s; keepalive_requests 1000000;
  upstream shop { include ${upstreamFile}; keepalive 64; }
  server {
    listen 127.0.0.1:${front};
    location / { proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  const program = ['/usr/sbin/nginx', '-c', config, '-p', folder, '-e', join(folder, 'error.log')];
  const [command = '', ...args] = program;
  const start = async (): Promise<StartedProcess> => {
    const started = await startProcess({ context, command, args });
    await waitUntil(() => accepts(front), 20_000, `nginx to listen: ${started.stderr()}`);
    return started;
  };
  let running = await start();
  return {
    block: { nginx: { upstreamFile, test: [...program, '-t', '-q'], reload: [...program, '-s', 'reload'] } },
    front,
    ports,
    restart: async () => {
      await running.kill('SIGTERM');
      running = await start();
    },
    close: () => running.kill('SIGTERM'),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
