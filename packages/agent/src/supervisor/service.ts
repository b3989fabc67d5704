import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Clock, Log } from '@xylem/platform';
import { identifyProcess, isAlive, type ProcessIdentity } from '../state/process-identity.ts';
import { serviceEnvironment } from './environment.ts';
import { findMarked, findMarkedLeader, killMarked, markName } from './marked.ts';
import {
  instanceOf,
  type LastExit,
  type SecretVariables,
  type ServiceSpec,
  type ServiceState,
} from './protocol.ts';
import type { ServiceRecord } from './records.ts';
import { openServiceLog } from './service-log.ts';

export interface ServiceEffects {
  readonly clock: Clock;
  readonly log: Log;
  /** Where its output goes. */
  readonly logPath: string;
  /** Makes the table durable. */
  save(): Promise<void>;
  changed(): void;
}

const restartMinMs = 1_000;
const restartMaxMs = 60_000;
/** Who ran for so long is well again: the next restart comes quickly. */
const wellAfterMs = 60_000;
const adoptedPollMs = 2_000;
const endingPollMs = 50;
const abandoned = 'abandoned';

/**
 * One service's life: started or adopted, started again after an exit that nobody asked for, ended with all of its
 * descendants.
 *
 * Invariant: at most one leader process carries the mark; before another is started, all that is left of the former is
 * killed.
 */
export class SupervisedService {
  readonly #effects: ServiceEffects;
  readonly #ending = new AbortController();
  readonly #life: Promise<void>;
  #record: ServiceRecord;
  /** Never in the record, which is written. */
  #secrets: SecretVariables;
  #given: () => void = () => undefined;
  #failures = 0;
  #firstStart: () => void = () => undefined;
  /** Settles when it was started (or failed to) for the first time, or adopted. */
  readonly started: Promise<void>;

  constructor(record: ServiceRecord, effects: ServiceEffects, secrets: SecretVariables) {
    this.#secrets = secrets;
    this.#record = record;
    this.#effects = effects;
    this.started = new Promise((resolve) => {
      this.#firstStart = resolve;
    });
    this.#life = this.#live();
  }

  get record(): ServiceRecord {
    return this.#record;
  }

  get spec(): ServiceSpec {
    return this.#record.spec;
  }

  /** Of all its sealed variables, for the next start. What runs has them. */
  give(secrets: SecretVariables): void {
    this.#secrets = secrets;
    this.#given();
  }

  get #wantsSecrets(): boolean {
    return Object.keys(this.spec.sealed ?? {}).some((name) => !Object.hasOwn(this.#secrets, name));
  }

  state(): ServiceState {
    const { spec, process: running, startedAt, restarts, lastExit } = this.#record;
    return {
      component: spec.component,
      instance: instanceOf(spec),
      tree: spec.tree,
      fingerprint: spec.fingerprint,
      process: running !== null && isAlive(running) ? running : null,
      startedAt,
      restarts,
      lastExit,
      ...(this.#wantsSecrets ? { wantsSecrets: true } : {}),
    };
  }

  /** SIGTERM to its group, SIGKILL after `stopTimeoutMs`; resolves when nothing of it lives. */
  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#life;
  }

  /** Looks after it no more and leaves it running, for the next supervisor. */
  abandon(): void {
    this.#ending.abort(abandoned);
  }

  async #live(): Promise<void> {
    const { clock, log } = this.#effects;
    let running = this.#adopt();
    while (!this.#ending.signal.aborted) {
      if (running === null && this.#wantsSecrets) {
        this.#firstStart();
        await this.#untilGiven();
        continue;
      }
      running ??= await this.#start();
      const sinceMs = clock.monotonicMs();
      this.#firstStart();
      const { identity, exit } = running;
      running = null;
      if (identity !== null) await this.#untilExitOrEnd(identity, exit);
      if (this.#isAbandoned()) return;
      const lastExit = await this.#afterExit(identity, exit);
      if (this.#ending.signal.aborted) break;
      const ranMs = clock.monotonicMs() - sinceMs;
      this.#failures = identity !== null && ranMs >= wellAfterMs ? 0 : this.#failures + 1;
      const pauseMs = Math.min(restartMaxMs, restartMinMs * 2 ** Math.max(0, this.#failures - 1));
      log.warn('service ended by itself, starting it again', {
        component: this.spec.component,
        ...lastExit,
        pauseMs,
      });
      await this.#update({ process: null, lastExit, restarts: this.#record.restarts + 1 });
      await clock.sleep(pauseMs, this.#ending.signal).catch(() => undefined);
    }
    this.#firstStart();
    if (!this.#isAbandoned()) killMarked(this.#record.mark);
  }

  async #untilGiven(): Promise<void> {
    const given = new Promise<void>((resolve) => {
      this.#given = resolve;
    });
    await Promise.race([given, aborted(this.#ending.signal)]);
  }

  #isAbandoned(): boolean {
    return this.#ending.signal.reason === abandoned;
  }

  /** Takes over what a killed supervisor left running. */
  #adopt(): Running | null {
    const recorded = this.#record.process;
    const found = recorded !== null && isAlive(recorded) ? recorded : findMarkedLeader(this.#record.mark);
    if (found === null) {
      killMarked(this.#record.mark);
      return null;
    }
    this.#effects.log.info('service adopted', { component: this.spec.component, pid: found.pid });
    this.#record = { ...this.#record, process: found };
    return { identity: found, exit: null };
  }

  async #start(): Promise<Running> {
    const { clock, log, logPath } = this.#effects;
    const startedAt = clock.now();
    const { child, exit } = launch(this.spec, this.#secrets, this.#record.mark, logPath, clock);
    const identity = child?.pid === undefined ? null : identifyProcess(child.pid);
    log.info('service started', { component: this.spec.component, pid: child?.pid ?? null });
    await this.#update({ process: identity, startedAt });
    return { identity, exit };
  }

  async #untilExitOrEnd(identity: ProcessIdentity, exit: Promise<LastExit> | null): Promise<void> {
    const { clock } = this.#effects;
    const ending = aborted(this.#ending.signal);
    while (isAlive(identity) && !this.#ending.signal.aborted) {
      // A child announces its end; an adopted process must be looked at.
      if (exit !== null) await Promise.race([exit, ending]);
      else await clock.sleep(adoptedPollMs, this.#ending.signal).catch(() => undefined);
      if (exit !== null) break;
    }
    if (this.#ending.signal.aborted && !this.#isAbandoned()) await this.#terminate(identity);
  }

  async #terminate(identity: ProcessIdentity): Promise<void> {
    const { clock, log } = this.#effects;
    signalGroup(identity, 'SIGTERM');
    if (await this.#gone(clock.monotonicMs() + this.spec.stopTimeoutMs)) return;
    log.warn('service did not end in time, killed', { component: this.spec.component, pid: identity.pid });
    signalGroup(identity, 'SIGKILL');
    killMarked(this.#record.mark);
    if (await this.#gone(clock.monotonicMs() + 10_000)) return;
    log.error('service can not be killed', { component: this.spec.component, pid: identity.pid });
  }

  async #gone(deadlineMs: number): Promise<boolean> {
    const { clock } = this.#effects;
    while (findMarked(this.#record.mark).length > 0) {
      if (clock.monotonicMs() >= deadlineMs) return false;
      await clock.sleep(endingPollMs);
    }
    return true;
  }

  async #afterExit(identity: ProcessIdentity | null, exit: Promise<LastExit> | null): Promise<LastExit> {
    killMarked(this.#record.mark);
    const unknown: LastExit = { code: null, signal: null, error: null, at: this.#effects.clock.now() };
    if (exit === null || (identity !== null && isAlive(identity))) return unknown;
    return await exit;
  }

  async #update(change: Partial<ServiceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    // A full disk must not end a service: its mark still finds it.
    await this.#effects
      .save()
      .catch((cause) => this.#effects.log.error('service table not written', { cause }));
    this.#effects.changed();
  }
}

interface Running {
  readonly identity: ProcessIdentity | null;
  /** Null for an adopted process: only its parent hears of its end. */
  readonly exit: Promise<LastExit> | null;
}

function launch(
  spec: ServiceSpec,
  secrets: SecretVariables,
  mark: string,
  logPath: string,
  clock: Clock,
): { child: ChildProcess | null; exit: Promise<LastExit> } {
  const failed = (error: Error): LastExit => ({
    code: null,
    signal: null,
    error: error.message,
    at: clock.now(),
  });
  const [program = '', ...args] = spec.command;
  let output: number | 'ignore' = 'ignore';
  try {
    output = openServiceLog(logPath);
  } catch {
    // Better a service without a log than none.
  }
  try {
    const child = spawn(program, args, {
      cwd: spec.workingFolder,
      env: { ...serviceEnvironment(process.env), ...spec.environment, ...secrets, [markName]: mark },
      detached: true,
      stdio: ['ignore', output, output],
    });
    // The server keeps the supervisor alive; a child must not, once it is abandoned.
    child.unref();
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

function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  // The group's number can't be given away while its leader lives.
  if (!isAlive(identity)) return;
  try {
    process.kill(-identity.pid, signal);
  } catch {
    // Ended in between.
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
