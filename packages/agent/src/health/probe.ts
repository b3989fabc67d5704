import { type ErrorCode, healthDefaults, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { exitText } from '../supervisor/exit-text.ts';
import type { ServiceOutput } from '../supervisor/output.ts';
import type { ServiceState } from '../supervisor/protocol.ts';
import type { HealthCheck } from './check.ts';

export interface ProbeOptions {
  readonly component: string;
  readonly version: string;
  /** Null: it is well when it stays alive for `aliveMs`. */
  readonly check: HealthCheck | null;
  /** It says by itself when it is ready: without a check it has as long as the default check would give it. */
  readonly notifies?: boolean;
  output(): Promise<ServiceOutput>;
  state(): Promise<ServiceState | null>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const aliveMs = 1_000;
const aliveLookMs = 100;
/** So many unasked-for ends while it starts, and it is not going to be well. */
const tooManyEnds = 3;

/**
 * Waits until a started service is well: `successes` good looks one after another within `startTimeoutMs`.
 * @throws XylemError E_HEALTH_FAILED or E_SERVICE_START
 */
export async function probe(options: ProbeOptions): Promise<void> {
  const { check, clock, signal } = options;
  const startedMs = clock.monotonicMs();
  const startTimeoutMs =
    check?.startTimeoutMs ?? (options.notifies === true ? healthDefaults.startTimeoutMs : aliveMs * 2);
  const deadlineMs = startedMs + startTimeoutMs;
  const restartsBefore = (await options.state())?.restarts ?? 0;
  let wrong = options.notifies === true ? 'it has not said that it is ready' : 'it was not looked at yet';
  let good = 0;
  for (;;) {
    signal.throwIfAborted();
    const state = await options.state();
    const ends =
      (state?.restarts ?? 0) - restartsBefore + (state?.process === null && state.lastExit !== null ? 1 : 0);
    if (state === null) throw await failed(options, 'E_SERVICE_START', 'the supervisor does not run it');
    if (ends >= tooManyEnds || (check === null && ends > 0)) {
      throw await failed(
        options,
        'E_SERVICE_START',
        `it ended by itself ${ends} times, last ${exitText(state.lastExit)}`,
      );
    }
    if (check === null) {
      if (state.process !== null && clock.monotonicMs() - startedMs >= aliveMs) return;
    } else {
      const fault =
        state.process === null ? `it does not run, ${exitText(state.lastExit)}` : await check.look(signal);
      good = fault === null ? good + 1 : 0;
      if (good >= check.successes) return;
      wrong = fault ?? wrong;
    }
    if (clock.monotonicMs() >= deadlineMs) {
      throw await failed(
        options,
        'E_HEALTH_FAILED',
        `not well ${startTimeoutMs} ms after its start: ${wrong}`,
      );
    }
    await clock.sleep(
      Math.min(check?.intervalMs ?? aliveLookMs, Math.max(1, deadlineMs - clock.monotonicMs())),
      signal,
    );
  }
}

async function failed(options: ProbeOptions, code: ErrorCode, what: string): Promise<XylemError> {
  const { where, last } = await options.output();
  const said = last === '' ? '' : `. It wrote last:\n${last}`;
  const message = `${options.component} ${options.version}: ${what}. ${where}${said}`;
  return new XylemError(code, message, { retry: 'never' });
}
