import { execFile } from 'node:child_process';
import { XylemError } from '@xylem/core';
import { serviceEnvironment } from '../../supervisor/environment.ts';

/** Where podman finds its own configuration, its store and its bus: the host's word, given to the agent. */
const podmanVariables = [
  'CONTAINERS_CONF',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
];

/** podman did not do what it was asked for. */
export class PodmanFailure extends XylemError {
  /** 125: podman itself; 126, 127: what should run in the container; null: it was ended, or is not there. */
  readonly exitCode: number | null;
  readonly output: string;
  /** What it printed before it failed. */
  readonly printed: string;

  constructor(doing: string, exitCode: number | null, output: string, cause: unknown, printed = '') {
    const isFull = /no space left on device|disk quota exceeded/i.test(output);
    super(isFull ? 'E_DISK_FULL' : 'E_PODMAN', `${doing}: ${output}`, { cause });
    this.exitCode = exitCode;
    this.output = output;
    this.printed = printed;
  }
}

export interface PodmanOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** Where it puts what it needs for a moment. */
  readonly temporary?: string;
  readonly cwd?: string;
}

/** Enough for all that does not wait for a container. */
const patienceMs = 120_000;
const mostOutputBytes = 64 * 1024 * 1024;

/**
 * What `podman ARGUMENTS…` prints. No shell sees the arguments.
 * @param doing for the message: "starting shop-db"
 * @throws PodmanFailure with the end of what it said; the signal's reason
 */
export function podman(doing: string, args: readonly string[], options: PodmanOptions = {}): Promise<string> {
  const { signal, timeoutMs = patienceMs, temporary } = options;
  const env = podmanEnvironment(process.env);
  if (temporary !== undefined) env.TMPDIR = temporary;
  const settings = {
    env,
    cwd: options.cwd ?? '/',
    timeout: timeoutMs,
    killSignal: 'SIGKILL' as const,
    maxBuffer: mostOutputBytes,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    execFile('podman', [...args], settings, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      if (signal?.aborted === true) return reject(signal.reason);
      reject(failureOf(doing, error, { stdout, stderr }, timeoutMs));
    });
  });
}

export function noPodman(doing: string, cause?: unknown): PodmanFailure {
  const advice = 'this host has no podman. Install it (Debian: apt-get install podman)';
  return new PodmanFailure(doing, null, advice, cause);
}

type ExecError = Parameters<NonNullable<Parameters<typeof execFile>[3]>>[0];

function failureOf(
  doing: string,
  error: NonNullable<ExecError>,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
  timeoutMs: number,
): PodmanFailure {
  if (error.code === 'ENOENT') {
    return noPodman(doing, error);
  }
  if (error.killed === true) {
    return new PodmanFailure(doing, null, `podman did not end within ${timeoutMs} ms`, error);
  }
  const said = stderr.trim().slice(-2_000) || error.message.slice(0, 500);
  return new PodmanFailure(doing, typeof error.code === 'number' ? error.code : null, said, error, stdout);
}

/** What podman inherits where systemd starts it: nothing of a session that may end. Pure. */
export function podmanUnitEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const kept = ['PATH', 'HOME', 'CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF', 'CONTAINERS_REGISTRIES_CONF'];
  return Object.fromEntries(kept.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]]])));
}

/** What podman inherits of the agent. Pure. */
function podmanEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const environment = serviceEnvironment(own);
  for (const name of podmanVariables) {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
