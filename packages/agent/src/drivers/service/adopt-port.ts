import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listening = '0A';

/** Whether one of these processes listens on a TCP port of the namespace that the first of them sees. */
export function listensOn(pids: readonly number[], port: number): boolean {
  const sockets = new Set(pids.slice(0, 1).flatMap((pid) => listenersOf(pid, port)));
  return pids.some((pid) => socketsOf(pid).some((inode) => sockets.has(inode)));
}

/** Inodes of the sockets that listen there. */
function listenersOf(pid: number, port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['tcp', 'tcp6'].flatMap((table) => {
    const lines = textOf(`/proc/${pid}/net/${table}`).split('\n').slice(1);
    return lines.flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      return local.endsWith(wanted) && state === listening && inode !== undefined ? [inode] : [];
    });
  });
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(
      (name) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${name}`))?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
