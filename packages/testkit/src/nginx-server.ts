import { access, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { freePort } from './free-port.ts';
import { installDebian } from './install-debian.ts';
import { startProcess } from './start-process.ts';
import { tempFolder } from './temp-folder.ts';
import { isRoot, type Unavailable } from './unavailable.ts';
import { waitUntil } from './wait-until.ts';

export interface NginxServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Method, path, status and bytes of body of each request, in order. */
  requests(): Promise<string[]>;
  close(): Promise<void>;
}

export interface NginxOptions {
  /** PEM; with it over TLS 1.3. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** More directives for the server. */
  readonly lines?: string;
}

/** Debian's nginx over a folder, configured by nothing but `root` and `lines`, on a free port; or the reason why not. */
export async function nginxServer(
  context: Cleanup,
  folder: string,
  options: NginxOptions = {},
): Promise<NginxServer | Unavailable> {
  const program = '/usr/sbin/nginx';
  if (!(await exists(program))) {
    const missing = await installDebian('nginx-light');
    if (missing !== null) return missing;
  }
  const own = await tempFolder(context, 'nginx');
  await chmod(own, 0o755);
  await mkdir(join(own, 'tmp'));
  const port = await freePort();
  const log = join(own, 'access.log');
  await writeFile(log, '');
  let tls = '';
  if (options.tls !== undefined) {
    await writeFile(join(own, 'key.pem'), options.tls.key, { mode: 0o600 });
    await writeFile(join(own, 'cert.pem'), options.tls.cert);
    tls = `ssl_certificate ${own}/cert.pem; ssl_certificate_key ${own}/key.pem; ssl_protocols TLSv1.3;`;
  }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${own}/tmp/${kind};`)
    .join(' ');
  await writeFile(
    join(own, 'nginx.conf'),
    `${isRoot() ? 'user root; ' : ''}master_process off; daemon off; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 512; }
http {
  log_format plain '$request_method $request_uri $status $body_bytes_sent';
  access_log ${log} plain; ${temporary}
  server { listen 127.0.0.1:${port}${tls === '' ? '' : ' ssl'}; ${tls} root ${folder}; ${options.lines ?? ''} }
}
`,
  );
  const args = ['-c', join(own, 'nginx.conf'), '-p', own, '-e', join(own, 'error.log')];
  const server = await startProcess({ context, command: program, args });
  // Its end is not waited for: what it says when it can't start is in the error of the deadline.
  await waitUntil(() => exists(join(own, 'pid')), 10_000, `nginx starts: ${server.stderr()}`);
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    port,
    pid: server.pid,
    requests: async () => (await readFile(log, 'utf8')).split('\n').filter((line) => line !== ''),
    close: () => server.kill(),
  };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
