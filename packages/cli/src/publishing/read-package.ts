import { execFile } from 'node:child_process';
import { XylemError } from '@xylem/core';

/**
 * What a program prints of a package file; what can't be read is said by the program itself.
 * @throws XylemError E_INPUT
 */
export function readPackage(program: string, args: readonly string[], path: string): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  return new Promise((resolve, reject) => {
    execFile(program, [...args, path], { env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') {
        const why = `${path} is read by ${program}, which is not on this machine: install it.`;
        reject(new XylemError('E_INPUT', why, { cause: error }));
      } else
        reject(
          new XylemError('E_INPUT', `${path} can't be read by ${program}: ${stderr.trim().slice(0, 1_000)}`, {
            cause: error,
          }),
        );
    });
  });
}
