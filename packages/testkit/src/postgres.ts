import { chown, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { installDebian } from './install-debian.ts';
import { run } from './run.ts';
import { startProcess } from './start-process.ts';
import { tempFolder } from './temp-folder.ts';
import { isRoot, type Unavailable } from './unavailable.ts';
import { waitUntil } from './wait-until.ts';

export interface Postgres {
  /** For `pg`: `postgresql://postgres@localhost/postgres?host=<socket folder>`. */
  readonly url: string;
  /** Makes an empty database and returns its URL. */
  createDatabase(name: string): Promise<string>;
  /** SIGKILL to the server, as in a power loss; `restart` brings it back over the same files. */
  crash(): Promise<void>;
  restart(): Promise<void>;
}

const programs = '/usr/lib/postgresql';

/**
 * Starts a throwaway PostgreSQL cluster from Debian's binaries, on a unix socket only, durable as by default
 * (fsync on). As root it runs as the user `postgres`.
 */
export async function postgres(context: Cleanup): Promise<Postgres | Unavailable> {
  const bin = (await newestPrograms()) ?? (await installDebian('postgresql')) ?? (await newestPrograms());
  if (bin === null) return { skip: `no PostgreSQL below ${programs}` };
  if (typeof bin !== 'string') return bin;
  const user = isRoot() ? await userNamed('postgres') : {};
  const folder = await tempFolder(context, 'pg');
  const data = join(folder, 'data');
  await mkdir(data);
  if (user.uid !== undefined && user.gid !== undefined) {
    await chown(folder, user.uid, user.gid);
    await chown(data, user.uid, user.gid);
  }
  const cwd = { cwd: folder };
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    {
      ...user,
      ...cwd,
    },
  );
  const start = async (): Promise<{ kill(): Promise<void> }> => {
    const settings = [
      'listen_addresses=',
      `unix_socket_directories=${folder}`,
      'shared_buffers=16MB',
      'max_connections=50',
    ];
    const server = await startProcess({
      context,
      command: join(bin, 'postgres'),
      args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      ...user,
      ...cwd,
    });
    await server.waitForLine(/ready to accept connections/, 30_000);
    return { kill: () => server.kill('SIGKILL') };
  };
  let server = await start();
  const urlOf = (database: string): string =>
    `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
  return {
    url: urlOf('postgres'),
    createDatabase: async (name) => {
      await run(join(bin, 'createdb'), ['-h', folder, '-U', 'postgres', name], cwd);
      return urlOf(name);
    },
    crash: () => server.kill(),
    restart: async () => {
      server = await waitUntil(start, 30_000, 'PostgreSQL starts again');
    },
  };
}

async function newestPrograms(): Promise<string | null> {
  const versions = await readdir(programs).catch(() => []);
  const newest = versions
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => b - a)[0];
  return newest === undefined ? null : join(programs, String(newest), 'bin');
}

async function userNamed(name: string): Promise<{ uid?: number; gid?: number }> {
  const { stdout } = await run('/usr/bin/getent', ['passwd', name]);
  const [, , uid, gid] = stdout.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
