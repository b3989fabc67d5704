import { serviceDefaults } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import { bootId, identifyProcess, isAlive, type ProcessIdentity } from '../state/process-identity.ts';
import { memoryCause } from './exit-text.ts';
import { Family } from './family.ts';
import { type Launched, launch } from './launch.ts';
import { type LimitGroup, limitGroup } from './limit-group.ts';
import { findMarked, findMarkedLeader, killMarked } from './marked.ts';
import {
  instanceOf,
  type LastExit,
  type SecretVariables,
  type ServiceSpec,
  type ServiceState,
} from './protocol.ts';
import type { ServiceRecord } from './records.ts';
import { restartPauseMs, startsAgain } from './restart.ts';

export interface ServiceEffects {
  readonly clock: Clock;
  readonly log: Log;
  /** Where its output goes. */
  readonly logPath: string;
  /** `labelOf` it. */
  readonly label: string;
  /** Makes the table durable. */
  save(): Promise<void>;
  changed(): void;
}

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
 * killed. What others started and was adopted carries none: it is known as itself, with its family.
 */
export class SupervisedService {
  readonly #effects: ServiceEffects;
  readonly #ending = new AbortController();
  readonly #life: Promise<void>;
  #record: ServiceRecord;
  /** Never in the record, which is written. */
  #secrets: SecretVariables;
  #given: () => void = () => undefined;
  /** Of the process that others started, as long as it is the service. */
  #family: Family | null = null;
  #failures = 0;
  #group: LimitGroup | null = null;
  /** When it was started. */
  #memoryKills = 0;
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
    if (this.#awaits) this.#record = ownRecord(this.#record);
    this.#given();
  }

  /** Others started it before this boot, and may have done so again: the agent looks, and says to start it. */
  get #awaits(): boolean {
    const { adopted, process: recorded } = this.#record;
    return adopted !== undefined && recorded?.boot !== bootId();
  }

  get #wantsSecrets(): boolean {
    return Object.keys(this.spec.sealed ?? {}).some((name) => !Object.hasOwn(this.#secrets, name));
  }

  state(): ServiceState {
    const { spec, process: running, startedAt, restarts, lastExit, adopted } = this.#record;
    return {
      component: spec.component,
      instance: instanceOf(spec),
      tree: spec.tree,
      fingerprint: spec.fingerprint,
      process: running !== null && isAlive(running) ? running : null,
      startedAt,
      restarts,
      lastExit,
      // Of what was found, only the agent has the spec; it is asked for it as for what is sealed.
      ...(this.#wantsSecrets || this.#awaits || this.#record.found === true ? { wantsSecrets: true } : {}),
      ...(this.#rests ? { rests: true } : {}),
      ...(adopted === undefined ? {} : { adopted }),
    };
  }

  get #rests(): boolean {
    return this.#record.rested !== undefined && this.#record.rested === bootId();
  }

  /** SIGTERM (or its own signal) to its group, SIGKILL after `stopTimeoutMs`; resolves when nothing of it lives. */
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
    if (running === null) await this.#noteUnseenEnd();
    while (!this.#ending.signal.aborted) {
      if (this.#rests) {
        this.#firstStart();
        await aborted(this.#ending.signal);
        continue;
      }
      if (running === null && (this.#wantsSecrets || this.#awaits)) {
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
      this.#record = ownRecord(this.#record);
      if (this.#ending.signal.aborted) break;
      const { restart } = this.spec.terms ?? {};
      if (!startsAgain(restart, lastExit)) {
        log.info('service ended and rests', { component: this.spec.component, ...lastExit });
        await this.#update({ process: null, lastExit, rested: bootId() });
        continue;
      }
      const ranMs = clock.monotonicMs() - sinceMs;
      this.#failures = identity !== null && ranMs >= wellAfterMs ? 0 : this.#failures + 1;
      const pauseMs = restartPauseMs(restart, this.#failures);
      log.warn('service ended by itself, starting it again', {
        component: this.spec.component,
        ...lastExit,
        pauseMs,
      });
      await this.#update({ process: null, lastExit, restarts: this.#record.restarts + 1 });
      await clock.sleep(pauseMs, this.#ending.signal).catch(() => undefined);
    }
    this.#firstStart();
    if (this.#isAbandoned()) return;
    this.#killAll();
    this.#group?.remove();
  }

  /** What lives of it. */
  #all(): readonly ProcessIdentity[] {
    return this.#family?.look() ?? findMarked(this.#record.mark);
  }

  #killAll(): void {
    this.#family?.signal('SIGKILL');
    killMarked(this.#record.mark);
  }

  /** It ended in this boot while no supervisor looked: its policy says whether it is started again. */
  async #noteUnseenEnd(): Promise<void> {
    const { process: recorded } = this.#record;
    if (recorded === null || recorded.boot !== bootId()) return;
    this.#record = ownRecord(this.#record);
    const lastExit: LastExit = { code: null, signal: null, error: null, at: this.#effects.clock.now() };
    if (startsAgain(this.spec.terms?.restart, lastExit)) return;
    await this.#update({ process: null, lastExit, rested: bootId() });
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
    if (this.#record.adopted !== undefined) {
      if (recorded === null || !isAlive(recorded)) return null;
      this.#family = new Family(recorded);
      return { identity: recorded, exit: null };
    }
    const found = recorded !== null && isAlive(recorded) ? recorded : findMarkedLeader(this.#record.mark);
    if (found === null) {
      killMarked(this.#record.mark);
      return null;
    }
    this.#effects.log.info('service adopted', { component: this.spec.component, pid: found.pid });
    this.#record = { ...this.#record, process: found };
    try {
      this.#group = limitGroup(this.#record.mark, this.spec.terms?.limits ?? {});
    } catch {
      // It is in its group already; only why it ends can't be asked.
    }
    return { identity: found, exit: null };
  }

  async #start(): Promise<Running> {
    const { clock, log } = this.#effects;
    const startedAt = clock.now();
    // Its mark first: of a process that is started and in no table nobody would ever know.
    await this.#save();
    const { child, exit } = this.#launch();
    const identity = child?.pid === undefined ? null : identifyProcess(child.pid);
    log.info('service started', { component: this.spec.component, pid: child?.pid ?? null });
    await this.#update({ process: identity, startedAt });
    return { identity, exit };
  }

  #launch(): Launched {
    const { clock, logPath, label } = this.#effects;
    const { mark } = this.#record;
    try {
      this.#group = limitGroup(mark, this.spec.terms?.limits ?? {});
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      return { child: null, exit: Promise.resolve({ code: null, signal: null, error, at: clock.now() }) };
    }
    this.#memoryKills = this.#group?.memoryKills() ?? 0;
    return launch(this.spec, this.#secrets, { mark, label, logPath, group: this.#group }, clock);
  }

  async #untilExitOrEnd(identity: ProcessIdentity, exit: Promise<LastExit> | null): Promise<void> {
    const { clock } = this.#effects;
    const ending = aborted(this.#ending.signal);
    while (isAlive(identity) && !this.#ending.signal.aborted) {
      // A child announces its end; an adopted process must be looked at.
      if (exit !== null) await Promise.race([exit, ending]);
      else {
        // Who descends from it is to be known when it has ended.
        this.#family?.look();
        await clock.sleep(adoptedPollMs, this.#ending.signal).catch(() => undefined);
      }
      if (exit !== null) break;
    }
    if (this.#ending.signal.aborted && !this.#isAbandoned()) await this.#terminate(identity);
  }

  async #terminate(identity: ProcessIdentity): Promise<void> {
    const { clock, log } = this.#effects;
    const signal = this.spec.terms?.stopSignal ?? serviceDefaults.stopSignal;
    if (this.#family === null) signalGroup(identity, signal);
    else this.#family.signal(signal);
    if (await this.#gone(clock.monotonicMs() + this.spec.stopTimeoutMs)) return;
    log.warn('service did not end in time, killed', { component: this.spec.component, pid: identity.pid });
    if (this.#family === null) signalGroup(identity, 'SIGKILL');
    this.#killAll();
    if (await this.#gone(clock.monotonicMs() + 10_000)) return;
    log.error('service can not be killed', { component: this.spec.component, pid: identity.pid });
  }

  async #gone(deadlineMs: number): Promise<boolean> {
    const { clock } = this.#effects;
    while (this.#all().length > 0) {
      if (clock.monotonicMs() >= deadlineMs) return false;
      await clock.sleep(endingPollMs);
    }
    return true;
  }

  async #afterExit(identity: ProcessIdentity | null, exit: Promise<LastExit> | null): Promise<LastExit> {
    this.#killAll();
    this.#family = null;
    const wasKilled = (this.#group?.memoryKills() ?? 0) > this.#memoryKills;
    const { memoryBytes = 0 } = this.spec.terms?.limits ?? {};
    const cause = wasKilled ? { cause: memoryCause(memoryBytes) } : {};
    const unknown: LastExit = { code: null, signal: null, error: null, at: this.#effects.clock.now() };
    if (exit === null || (identity !== null && isAlive(identity))) return { ...unknown, ...cause };
    return { ...(await exit), ...cause };
  }

  async #update(change: Partial<ServiceRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    await this.#save();
    this.#effects.changed();
  }

  /** A full disk must neither end a service nor keep it from being started. */
  async #save(): Promise<void> {
    const { save, log } = this.#effects;
    await save().catch((cause) => log.error('service table not written', { cause }));
  }
}

interface Running {
  readonly identity: ProcessIdentity | null;
  /** Null for an adopted process: only its parent hears of its end. */
  readonly exit: Promise<LastExit> | null;
}

/** From its next start on. Pure. */
function ownRecord({ adopted: _adopted, ...record }: ServiceRecord): ServiceRecord {
  return record;
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
