import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostCounts, XylemError } from '@xylem/core';

const maxBytes = 4 * 1024 * 1024;
const deadlineMs = 60_000;

/** What a program is asked, and how its question looks on its standard input. */
export interface Question {
  readonly format: 'xylem-metric-1';
  readonly environment: string;
  readonly metric: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Runs a program of the root server's own machine.
 * @param folder where such programs lie
 * @throws XylemError E_METRIC
 */
export async function askProgram(folder: string, name: string, question: Question): Promise<HostCounts[]> {
  const file = join(folder, name);
  await access(file, constants.X_OK).catch((cause: Error) => {
    throw new XylemError('E_METRIC', `${file} is no program that can be run.`, { cause });
  });
  const said = await new Promise<string>((resolve, reject) => {
    const options = { timeout: deadlineMs, maxBuffer: maxBytes, killSignal: 'SIGKILL' as const };
    const child = execFile(file, [], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const how = error.killed === true ? `did not end in ${deadlineMs / 1000} s` : 'failed';
      const last = stderr.trim().slice(-500);
      reject(new XylemError('E_METRIC', `${file} ${how}. It said last: ${last}`, { cause: error }));
    });
    child.stdin?.on('error', () => undefined).end(JSON.stringify(question));
  });
  return countsFrom(said, file);
}

function countsFrom(said: string, file: string): HostCounts[] {
  const wrong = (): XylemError =>
    new XylemError('E_METRIC', `${file} does not answer as docs/spec/metrics.md says: ${said.slice(0, 200)}`);
  let answer: unknown;
  try {
    answer = JSON.parse(said);
  } catch {
    throw wrong();
  }
  const hosts = (answer as { readonly hosts?: unknown } | null)?.hosts;
  if (!Array.isArray(hosts)) throw wrong();
  const counts = (hosts as Partial<HostCounts>[]).flatMap(({ host, bad, all }) => {
    const isCount = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;
    if (typeof host !== 'string' || !isCount(bad) || !isCount(all)) throw wrong();
    return all === 0 ? [] : [{ host, bad: Math.min(bad, all), all }];
  });
  return counts.sort((a, b) => (a.host < b.host ? -1 : 1));
}
