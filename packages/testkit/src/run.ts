import { execFile } from 'node:child_process';

/** Runs a program to its end; rejects with its output when it fails. No shell. */
export function run(
  command: string,
  args: readonly string[],
  options: { uid?: number; gid?: number; cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<{ stdout: string; stderr: string }> {
  const { timeoutMs, ...rest } = options;
  return new Promise((resolve, reject) => {
    const settings = { maxBuffer: 64 * 2 ** 20, timeout: timeoutMs ?? 120_000, ...rest };
    execFile(command, [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout, stderr });
      else
        reject(
          new Error(`${command} ${args.join(' ')}: ${error.message}\n${stdout}\n${stderr}`, { cause: error }),
        );
    });
  });
}
