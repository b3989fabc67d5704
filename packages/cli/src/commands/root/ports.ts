import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomic } from '@xylem/platform';

/** Ports that a root server started by `xylem start` keeps: hosts know it by them. */
export interface Ports {
  readonly api: number;
  readonly nodes: number;
}

export const defaultPorts: Ports = { api: 8440, nodes: 8441 };

/** Whether a root server was made here: `format` is written last. */
export const isRootFolder = (folder: string): boolean => existsSync(join(folder, 'format'));

export async function readPorts(file: string): Promise<Ports | undefined> {
  try {
    const { api, nodes } = JSON.parse(await readFile(file, 'utf8')) as Partial<Ports>;
    return typeof api === 'number' && typeof nodes === 'number' ? { api, nodes } : undefined;
  } catch {
    return undefined; // not there yet, or damaged: chosen anew
  }
}

export async function writePorts(folder: string, file: string, ports: Ports): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(ports)}\n`);
}

/** The wanted port if nobody listens there on loopback, else 0: any. */
export async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(0));
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(wanted)));
  });
}
