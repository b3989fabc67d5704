import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '@xylem/platform';
import type { Bench } from './bench.ts';

const launcher = join(import.meta.dirname, '..', 'bin', 'xylem');
const rounds = 15;

/** Milliseconds from the start of the launcher to the end of the program. */
async function timeOf(words: readonly string[]): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  // Port 9 of loopback: the command does all its work up to the answer of a root server that is not there.
  const env = { ...process.env, XYLEM_URL: 'http://127.0.0.1:9', XYLEM_TOKEN: 'none' };
  const child = spawn(launcher, words, { stdio: 'ignore', env });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return systemClock.monotonicMs() - startedMs;
}

/** The median, after two rounds that fill the cache of compiled code. */
async function medianMs(words: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = -2; round < rounds; round += 1) {
    const ms = await timeOf(words);
    if (round >= 0) times.push(ms);
  }
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
}

export const bench: Bench = {
  usage: 'how long the CLI takes: its version, its help, and a command that asks a root server',
  async run() {
    const figures = {
      versionMs: await medianMs(['--version']),
      helpMs: await medianMs(['--help']),
      commandMs: await medianMs(['status']),
    };
    return { inputs: { rounds, measured: 'median, launcher included' }, figures };
  },
};
