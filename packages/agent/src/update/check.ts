import { execFile } from 'node:child_process';
import { XylemError } from '@xylem/core';
import { serviceEnvironment } from '../supervisor/environment.ts';

const timeoutMs = 60_000;

/**
 * Asks another version, before anything is changed, whether it starts here and can read this state folder.
 * @throws XylemError E_AGENT_UPDATE with what it said
 */
export function checkExecutable(options: {
  readonly executable: string;
  readonly stateFolder: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { executable, stateFolder, signal } = options;
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 1024 * 1024, signal };
  const env = serviceEnvironment(process.env);
  return new Promise((resolve, reject) => {
    execFile(
      executable,
      ['agent', 'check', '--state', stateFolder],
      { ...limits, env },
      (error, stdout, stderr) => {
        if (error === null) return resolve();
        if (signal.aborted) return reject(signal.reason as Error);
        const said = `${stdout}${stderr}`.trim().slice(-1_500);
        const why = error.killed === true ? `did not end in ${timeoutMs / 1000} s` : ended(error);
        reject(
          new XylemError(
            'E_AGENT_UPDATE',
            `The new version was not started: its look at this host's state ${why}. ${said === '' ? 'It wrote nothing.' : `It wrote:\n${said}`}`,
          ),
        );
      },
    );
  });
}

function ended({ code, signal, message }: Error & { code?: unknown; signal?: unknown }): string {
  if (typeof signal === 'string') return `ended by ${signal}`;
  return typeof code === 'number' ? `ended with ${code}` : `could not be begun (${message.slice(0, 200)})`;
}
