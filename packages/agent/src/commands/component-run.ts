import type { Clock } from '@xylem/platform';
import type { StateLayout } from '../state/layout.ts';
import { type ProgramEnd, type ProgramRun, runProgram } from './run.ts';

/** A program of a component's package as it is run on this host. */
export interface ComponentRun {
  /** For its mark: what it does, in a word or two. */
  readonly what: string;
  readonly command: readonly string[];
  readonly workingFolder: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
  /** Of what may run beside the programs around steps: its own note. */
  readonly note?: string;
  readonly more?: Pick<ProgramRun, 'account' | 'outputBytes' | 'leavesNothing'>;
}

export interface RunTools {
  readonly layout: StateLayout;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Looks beside the agent, and so must end nothing that the agent runs. */
  readonly isOnlooker?: boolean;
}

/**
 * Runs it to its end, or to the end of its time. Of one component and note at most one lives, also after the agent was
 * killed.
 * @throws the signal's reason when the agent ends; the program is ended then
 */
export function runForComponent(
  component: string,
  { what, command, workingFolder, environment = {}, input = '', timeoutMs, note, more }: ComponentRun,
  { layout, clock, signal, isOnlooker = false }: RunTools,
): Promise<ProgramEnd> {
  return runProgram({
    command,
    workingFolder,
    environment,
    input,
    timeoutMs,
    note: isOnlooker ? null : (note ?? layout.component(component).program),
    mark: `${component}.${what.replaceAll(' ', '-')}.${process.pid}.${clock.monotonicMs()}`,
    signal,
    ...more,
  });
}
