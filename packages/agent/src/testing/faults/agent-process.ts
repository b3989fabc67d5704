import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Cleanup, removeLater } from '@xylem/testkit';
import type { AgentTiming } from '../../options.ts';
import { quick } from '../site.ts';

const main = fileURLToPath(new URL('../agent-main.ts', import.meta.url));

export interface AgentProcess {
  readonly pid: number;
  /** What it logged so far. */
  log(): string;
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** An agent in a process of its own, so that it can be killed, or have a clock or disk of its own. */
export function agentProcess(
  context: Cleanup,
  stateFolder: string,
  options: { readonly timing?: Partial<AgentTiming>; readonly env?: NodeJS.ProcessEnv } = {},
): AgentProcess {
  const timing = JSON.stringify({ ...quick, ...options.timing });
  const child: ChildProcess = spawn(process.execPath, [main, stateFolder, timing], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    log += piece;
    if (process.env.XYLEM_TEST_LOG !== undefined) process.stderr.write(piece);
  });
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return (await exited)[0];
  };
  removeLater(context, async () => {
    await end('SIGKILL');
  });
  return { pid: child.pid ?? -1, log: () => log, end };
}
