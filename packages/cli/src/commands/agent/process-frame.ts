import { parseArgs } from 'node:util';
import {
  type Clock,
  forbidCoreDumps,
  jsonLog,
  type Log,
  type Randomness,
  systemClock,
  systemRandomness,
} from '@xylem/platform';

/** What one of the agent's processes runs with. */
interface ProcessOptions {
  readonly stateFolder: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Runs a process that the agent starts beside itself, until SIGINT or SIGTERM. It goes past the frame of the commands, so
 * that each host's memory holds no more than it needs.
 * @param words `--state FOLDER`
 */
export async function runBeside(
  name: string,
  words: readonly string[],
  run: (options: ProcessOptions) => Promise<void>,
): Promise<void> {
  const { values } = parseArgs({ args: [...words], options: { state: { type: 'string', default: '.' } } });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const log = jsonLog(process.stderr, systemClock);
  await forbidCoreDumps(log);
  const { signal } = stopping;
  const options = {
    stateFolder: values.state,
    clock: systemClock,
    randomness: systemRandomness,
    log,
    signal,
  };
  await run(options).catch((error: unknown) => {
    log.error(`${name} ended`, { error });
    process.exitCode = 1;
  });
}
