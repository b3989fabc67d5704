import { parseArgs } from 'node:util';
import { runSupervisor } from '@xylem/agent/supervisor';
import { forbidCoreDumps, jsonLog, systemClock, systemRandomness } from '@xylem/platform';

/**
 * The process in which the services of a host live: the agent starts it, people don't. It goes past the frame of the
 * commands, so that each host's memory holds no more than it needs.
 */
export async function supervise(words: readonly string[]): Promise<void> {
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
  await runSupervisor(options).catch((error: unknown) => {
    log.error('supervisor ended', { error });
    process.exitCode = 1;
  });
}
