import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import type { Clock } from '@xylem/platform';
import { accountOf } from './account.ts';
import { serviceEnvironment } from './environment.ts';
import { labelName } from './found.ts';
import type { LimitGroup } from './limit-group.ts';
import { findMarked, markName } from './marked.ts';
import type { LastExit, SecretVariables, ServiceSpec } from './protocol.ts';
import { openServiceLog } from './service-log.ts';

const prlimit = ['/usr/bin/prlimit', '/bin/prlimit'];

export interface Launched {
  readonly child: ChildProcess | null;
  /** Settles when it has ended, or could not be started. */
  readonly exit: Promise<LastExit>;
}

/** Starts the process of a service, as its user and within its limits. Says in `exit` what it could not do. */
export function launch(
  spec: ServiceSpec,
  secrets: SecretVariables,
  at: {
    readonly mark: string;
    readonly label: string;
    readonly logPath: string;
    readonly group: LimitGroup | null;
  },
  clock: Clock,
): Launched {
  const failed = (error: Error): LastExit => ({
    code: null,
    signal: null,
    error: error.message,
    at: clock.now(),
  });
  let output: number | 'ignore' = 'ignore';
  try {
    output = openServiceLog(at.logPath);
  } catch {
    // Better a service without a log than none.
  }
  try {
    const account = accountOf(spec.terms ?? {});
    const [program = '', ...args] = limitedCommand(spec);
    const identity =
      account === null ? {} : { HOME: account.home, USER: account.name, LOGNAME: account.name };
    const child = spawn(program, args, {
      cwd: spec.workingFolder,
      env: {
        ...serviceEnvironment(process.env),
        ...identity,
        ...spec.environment,
        ...secrets,
        [markName]: at.mark,
        [labelName]: at.label,
      },
      detached: true,
      stdio: ['ignore', output, output],
      // Root's supplementary groups are dropped with it.
      ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
    });
    // The server keeps the supervisor alive; a child must not, once it is abandoned.
    child.unref();
    hold(at.group, at.mark, child.pid);
    const exit = new Promise<LastExit>((resolve) => {
      child.once('error', (error) => resolve(failed(error)));
      child.once('exit', (code, signal) => resolve({ code, signal, error: null, at: clock.now() }));
    });
    return { child, exit };
  } catch (error) {
    return {
      child: null,
      exit: Promise.resolve(failed(error instanceof Error ? error : new Error(String(error)))),
    };
  } finally {
    if (output !== 'ignore') closeSync(output);
  }
}

/** Node starts no process inside of a group: it is put there at once, with what it may have started meanwhile. */
function hold(group: LimitGroup | null, mark: string, pid: number | undefined): void {
  if (group === null || pid === undefined) return;
  try {
    group.add(pid);
    for (const found of findMarked(mark)) if (found.pid !== pid) group.add(found.pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    process.kill(-pid, 'SIGKILL');
    throw error;
  }
}

function limitedCommand({ command, terms }: ServiceSpec): readonly string[] {
  const openFiles = terms?.limits?.openFiles;
  if (openFiles === undefined) return command;
  const found = prlimit.find((path) => existsSync(path));
  if (found === undefined) throw new Error('its limit of open files needs prlimit, of util-linux');
  return [found, `--nofile=${openFiles}:${openFiles}`, '--', ...command];
}
