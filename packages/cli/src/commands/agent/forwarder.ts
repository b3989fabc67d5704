import { parseArgs } from 'node:util';
import { runForwarder } from '@xylem/agent/forwarder';
import { forbidCoreDumps, jsonLog, systemClock, systemRandomness } from '@xylem/platform';

/**
 * The process through which clients reach services that change their version without a gap: the agent starts it, people
 * don't. It goes past the frame of the commands, so that it holds no more memory than it needs.
 */
export async function forward(words: readonly string[]): Promise<void> {
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
  await runForwarder(options).catch((error: unknown) => {
    log.error('forwarder ended', { error });
    process.exitCode = 1;
  });
}
