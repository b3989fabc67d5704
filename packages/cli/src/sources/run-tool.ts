import { type ExecFileException, execFile } from 'node:child_process';
import { XylemError } from '@xylem/core';

const mostBytes = 64 * 1024 * 1024;
const keptCharacters = 2_000;

export interface ToolRun {
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs a program without a shell to its end.
 * @returns its standard output
 * @throws XylemError E_SOURCE with the end of what it said
 */
export function runTool(
  [program, ...args]: readonly [string, ...string[]],
  { folder, environment = {}, timeoutMs, signal }: ToolRun,
): Promise<string> {
  const options = {
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
    timeout: timeoutMs,
    maxBuffer: mostBytes,
    killSignal: 'SIGKILL' as const,
    signal,
    ...(folder === undefined ? {} : { cwd: folder }),
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (signal.aborted) return reject(signal.reason as Error);
      reject(
        new XylemError('E_SOURCE', sentence(program, args, error, `${stdout}\n${stderr}`), { cause: error }),
      );
    });
  });
}

function sentence(program: string, args: readonly string[], error: ExecFileException, said: string): string {
  const what = [program, ...args].join(' ').slice(0, 200);
  if (error.code === 'ENOENT') return `${program} is not on this machine, or its folder is gone: ${what}`;
  const how = error.killed === true ? 'was ended, for it took too long' : `failed (${String(error.code)})`;
  return `\`${what}\` ${how}. It said last: ${said.trim().slice(-keptCharacters)}`;
}
