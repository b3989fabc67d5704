import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { type Clock, type Log, systemRandomness } from '@xylem/platform';
import { stateLayout } from '../state/layout.ts';
import type { ProcessIdentity } from '../state/process-identity.ts';
import { checkBuiltIn } from './check.ts';
import { connectSupervisor, type SupervisorConnection } from './connection.ts';
import { serviceEnvironment } from './environment.ts';
import { outputOfLog, type ServiceOutput } from './output.ts';
import { type SecretVariables, type ServiceSpec, type ServiceState, supervisorProtocol } from './protocol.ts';
import { mayHaveServices } from './records.ts';
import { boundServiceLog } from './service-log.ts';
import { supervisorSocketPath } from './socket-path.ts';

/** The agent's hand on its services. Starts the supervisor's process when it is needed. */
export interface Supervisor {
  /** What runs. Starts no supervisor where none has anything to run. */
  list(): Promise<ServiceState[]>;
  /**
   * Whether this host can run it as its package says.
   * @throws XylemError E_DRIVER_UNSUPPORTED with what it lacks
   */
  check(spec: ServiceSpec): Promise<void>;
  /** @param secrets the variables that `spec.sealed` names */
  start(spec: ServiceSpec, secrets: SecretVariables): Promise<void>;
  /** Ends and forgets one; of a component that has one service, its name is the component's. */
  stop(instance: string, stopTimeoutMs: number): Promise<void>;
  /** What an instance wrote last. */
  output(instance: string): Promise<ServiceOutput>;
  /** Lets go of the supervisor, which goes on. */
  close(): void;
  /** What it starts are units of systemd, as is what other drivers start beside it. */
  readonly runsUnits?: true;
  /** Absent: it can't take over what others started. */
  readonly adoption?: SupervisorAdoption;
}

/** How what others run becomes a service (docs/spec/adoption.md). */
export type SupervisorAdoption = UnitTakeOver | ProcessTakeOver;

interface GivesBack {
  /** @throws XylemError E_CONFLICT where what others ran does not run any more */
  disown(instance: string): Promise<void>;
}

/** What others run under a unit of systemd. */
export interface UnitTakeOver extends GivesBack {
  readonly takes: 'unit';
  /** From now on `spec` counts as what runs in `unit`, and starts in its place at boot. Nothing is started or stopped. */
  adopt(spec: ServiceSpec, secrets: SecretVariables, unit: string): Promise<void>;
}

/** A process that nobody looks after. */
export interface ProcessTakeOver extends GivesBack {
  readonly takes: 'process';
  /**
   * From now on it counts as the service of `spec`. Nothing is started or stopped.
   * @param what the process, and the folder that it was started from
   * @throws XylemError E_CONFLICT when it has ended, or another runs as that service
   */
  adopt(
    spec: ServiceSpec,
    secrets: SecretVariables,
    what: { readonly process: ProcessIdentity; readonly path: string },
  ): Promise<void>;
}

export interface SupervisorClientOptions {
  readonly stateFolder: string;
  /** See `AgentOptions.supervisorCommand`. */
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  /** A service started or ended; null: the supervisor died. */
  readonly changed: (component: string | null) => void;
}

const answerMs = 15_000;
const startMs = 20_000;
const connectPauseMs = 50;
const lostPauseMs = 10_000;
const ownLogMaxBytes = 4 * 1024 * 1024;

export function supervisorClient(options: SupervisorClientOptions): Supervisor {
  const { stateFolder, clock, log } = options;
  const layout = stateLayout(stateFolder);
  let lostAtMs = Number.NEGATIVE_INFINITY;
  let connected: Promise<SupervisorConnection | null> | null = null;

  /** It died: its services want another, at once. One that dies again and again waits for the next look. */
  const lost = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lostAtMs < lostPauseMs) return;
    lostAtMs = nowMs;
    log.warn('supervisor ended', {});
    options.changed(null);
  };

  const connect = async (): Promise<SupervisorConnection | null> => {
    const connection = await connectSupervisor(supervisorSocketPath(stateFolder), {
      changed: options.changed,
      closed: (byUs) => {
        connected = null;
        if (!byUs) lost();
      },
    });
    if (connection === null) return null;
    const hello = (await connection.ask({ op: 'hello' }, answerMs)) as { protocol?: unknown };
    if (hello.protocol === supervisorProtocol) return connection;
    // A supervisor of another version of this program: ours takes its services over, none is stopped.
    log.info('supervisor of another version, asked to hand over', { protocol: hello.protocol });
    await connection.ask({ op: 'handover' }, answerMs);
    connection.close();
    return null;
  };

  const connectOrStart = async (): Promise<SupervisorConnection> => {
    const deadline = clock.monotonicMs() + startMs;
    let started = false;
    for (;;) {
      const connection = await connect();
      if (connection !== null) return connection;
      if (clock.monotonicMs() > deadline) {
        throw new XylemError(
          'E_SUPERVISOR',
          `The supervisor does not start; see ${layout.logs}/supervisor.log`,
        );
      }
      if (!started) startSupervisor(options.command, layout.root, layout.logs);
      started = true;
      await clock.sleep(connectPauseMs);
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  /** One attempt at a time: who asks while one is made gets its connection, and no second supervisor is started. */
  const supervisor = (mayStart: boolean): Promise<SupervisorConnection | null> => {
    const attempt = last.then(async () => {
      const kept = await connected;
      if (kept !== null) return kept;
      const made = mayStart || (await mayHaveServices(layout.supervisor)) ? connectOrStart() : connect();
      connected = made.catch(() => null);
      return await made;
    });
    last = attempt.catch(() => undefined);
    return attempt;
  };

  const list = async (): Promise<ServiceState[]> => {
    const connection = await supervisor(false);
    if (connection === null) return [];
    return (await connection.ask({ op: 'list' }, answerMs)) as ServiceState[];
  };

  return {
    list,
    check: async (spec) => checkBuiltIn(spec, systemRandomness.bytes(16).toString('hex')),
    output: async (instance) => {
      const states = await list().catch(() => []);
      const isAdopted = states.some((one) => one.instance === instance && one.adopted !== undefined);
      if (isAdopted) return { where: 'What it writes goes where it went before its adoption', last: '' };
      return outputOfLog(layout.component(instance).log);
    },
    start: async (spec, secrets) => {
      const connection = await supervisor(true);
      await connection?.ask({ op: 'start', spec, secrets }, answerMs + spec.stopTimeoutMs);
    },
    stop: async (instance, stopTimeoutMs) => {
      const connection = await supervisor(false);
      await connection?.ask({ op: 'stop', instance, component: instance }, answerMs + stopTimeoutMs);
    },
    adoption: {
      takes: 'process',
      adopt: async (spec, secrets, what) => {
        const connection = await supervisor(true);
        await connection?.ask({ op: 'adopt', spec, secrets, ...what }, answerMs);
      },
      disown: async (instance) => {
        const connection = await supervisor(false);
        await connection?.ask({ op: 'disown', instance }, answerMs);
      },
    },
    close: () => {
      void connected?.then((connection) => connection?.close());
      connected = null;
    },
  };
}

/** In a session of its own, so that a signal to the agent's group does not reach it. */
function startSupervisor(command: readonly string[], stateFolder: string, logs: string): void {
  const [program = '', ...args] = command;
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const path = join(logs, 'supervisor.log');
  boundServiceLog(path, ownLogMaxBytes);
  const output = openSync(path, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: stateFolder,
      env: { ...serviceEnvironment(process.env), ...nodeEnvironment(process.env) },
      detached: true,
      stdio: ['ignore', output, output],
    });
    child.on('error', () => undefined);
    child.unref();
  } finally {
    closeSync(output);
  }
}

/** A supervisor that was started by hand with Node flags runs with them too. */
function nodeEnvironment(own: NodeJS.ProcessEnv): Record<string, string> {
  const { NODE_OPTIONS } = own;
  return NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS };
}
