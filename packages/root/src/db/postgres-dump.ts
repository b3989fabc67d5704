import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { XylemError } from '@xylem/core';

const runFile = promisify(execFile);
const maxComplaint = 500;
const asItIs = ['--no-owner', '--no-privileges'];

/**
 * Writes the database as of one moment into a file, by PostgreSQL's own program.
 * @throws XylemError E_UNSUPPORTED (pg_dump is not there), E_DISK_FULL, E_STORAGE
 */
export function dumpPostgres(url: string, file: string): Promise<void> {
  return runProgram('pg_dump', url, ['--format=custom', ...asItIs, '--file', file]);
}

/**
 * Brings such a file back into an empty database, all of it or nothing.
 * @throws XylemError E_UNSUPPORTED (pg_restore is not there), E_DISK_FULL, E_STORAGE
 */
export function restorePostgres(url: string, file: string): Promise<void> {
  return runProgram('pg_restore', url, ['--single-transaction', ...asItIs, file]);
}

/** The password goes by the environment: what stands on a command line everybody on the machine may read. */
async function runProgram(program: string, text: string, args: readonly string[]): Promise<void> {
  const url = new URL(text);
  const password = url.password === '' ? {} : { PGPASSWORD: decodeURIComponent(url.password) };
  url.password = '';
  try {
    await runFile(program, ['--no-password', '--dbname', url.href, ...args], {
      env: { ...process.env, PGCONNECT_TIMEOUT: '10', ...password },
      maxBuffer: 2 ** 20,
    });
  } catch (cause) {
    throw faultOf(program, cause as NodeJS.ErrnoException & { stderr?: string });
  }
}

function faultOf(program: string, cause: NodeJS.ErrnoException & { stderr?: string }): XylemError {
  if (cause.code === 'ENOENT') {
    return new XylemError(
      'E_UNSUPPORTED',
      `${program} is not on this machine. Install PostgreSQL's client programs (Debian: postgresql-client).`,
      { cause },
    );
  }
  const complaint = (cause.stderr ?? '').trim().slice(0, maxComplaint);
  const code = complaint.includes('No space left on device') ? 'E_DISK_FULL' : 'E_STORAGE';
  return new XylemError(code, `${program} failed: ${complaint === '' ? cause.message : complaint}`, {
    cause,
  });
}
