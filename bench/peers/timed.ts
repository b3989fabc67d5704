import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { run } from '@xylem/testkit';
import type { Costs } from './method.ts';

const longestMs = 4 * 3600 * 1000;

/** What a command used, its children counted. */
export interface Used {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  /** Of the largest of its processes. */
  readonly peakRssMb: number;
}

/** Words before a command that have GNU time write what it used to `file`. */
export const timeWords = (file: string): readonly string[] => [
  '/usr/bin/time',
  '-f',
  '%e %U %S %M',
  '-o',
  file,
];

/** Reads what GNU time wrote by `timeWords`. Pure. @throws XylemError E_INPUT where it is something else */
export function parseTime(text: string): Used {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  const found = /^([\d.]+) ([\d.]+) ([\d.]+) (\d+)$/.exec(line);
  if (found === null) throw new XylemError('E_INPUT', `GNU time wrote what is no measure: ${line}`);
  const [wall = 0, user = 0, system = 0, kib = 0] = found.slice(1).map(Number);
  return { wallSeconds: wall, cpuSeconds: user + system, peakRssMb: (kib * 1024) / 1e6 };
}

/** Runs a command to its end, and says what it used. @param folder where the measure may lie for a moment */
export async function timed(folder: string, command: string, ...args: readonly string[]): Promise<Used> {
  const file = join(folder, 'time.txt');
  const [time = '', ...words] = timeWords(file);
  await run(time, [...words, command, ...args], { timeoutMs: longestMs });
  return parseTime(await readFile(file, 'utf8'));
}

/** Of commands that ran one after another. Pure. */
export function inAll(...used: readonly Used[]): Used {
  return {
    wallSeconds: used.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
    cpuSeconds: used.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakRssMb: Math.max(0, ...used.map(({ peakRssMb }) => peakRssMb)),
  };
}

/** The costs that a making is. */
export const madeBy = (used: Used): Pick<Costs, 'makeSeconds' | 'makeCpuSeconds' | 'makePeakRssMb'> => ({
  makeSeconds: used.wallSeconds,
  makeCpuSeconds: used.cpuSeconds,
  makePeakRssMb: used.peakRssMb,
});

/** The costs that a host's update is. */
export const updatedBy = (used: Used): Pick<Costs, 'updateSeconds' | 'peakRssMb'> => ({
  updateSeconds: used.wallSeconds,
  peakRssMb: used.peakRssMb,
});
