import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';

/** A unix socket's address holds 108 bytes on Linux with the NUL, 104 elsewhere. */
const longest = 103;

/** Where the supervisor of this state folder listens. @throws XylemError E_SUPERVISOR */
export function supervisorSocketPath(stateFolder: string): string {
  return localSocketPath(stateFolder, 'supervisor');
}

/**
 * Where a process that belongs to this state folder listens: in its part of the folder, or, where that path is too long
 * for a socket, in a private folder below the system's temporary one.
 * @throws XylemError E_SUPERVISOR when that private folder belongs to another user
 */
export function localSocketPath(stateFolder: string, part: 'supervisor' | 'router'): string {
  const absolute = resolve(stateFolder);
  const near = join(absolute, part, 'socket');
  if (Buffer.byteLength(near) <= longest) return near;
  const uid = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `xylem-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  // Anyone may create names below /tmp: a folder or link that another user put there must not get our socket.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new XylemError(
      'E_SUPERVISOR',
      `${folder} must be a folder of user ${uid} with mode 0700; remove it, or use a shorter state folder`,
    );
  }
  const named = part === 'supervisor' ? absolute : `${absolute} ${part}`;
  return join(folder, `${createHash('sha256').update(named).digest('hex').slice(0, 24)}.sock`);
}
