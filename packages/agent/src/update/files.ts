import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeFileAtomic } from '@xylem/platform';

/** A version of the agent that the launcher should try. */
export interface Trial {
  /** Names what is tried, hexadecimal: the same again is known by it. */
  readonly what: string;
  /** From 1. */
  readonly attempt: number;
  /** Path of the executable; `base`: what was installed by hand. */
  readonly executable: string;
}

/** Why the launcher went back. */
export interface FailedTrial {
  readonly what: string;
  readonly attempt: number;
  /** `silent`: it worked, and no parent took its report in time. */
  readonly cause: 'exited' | 'hung' | 'silent';
  readonly words: string;
  /** The end of what it wrote. */
  readonly output: string;
}

/** What agent and launcher tell each other: files of one line, read by a shell (docs/spec/agent-update.md, Files). */
export interface UpdateFiles {
  readonly folder: string;
  readonly snapshot: string;
  trial(): Promise<string | null>;
  /** The executable that was confirmed last. */
  confirmed(): Promise<string | null>;
  /** At once, for who only looks. */
  confirmedNow(): string | null;
  isTrialNow(): boolean;
  writeTrial(trial: Trial): Promise<void>;
  writeReady(): Promise<void>;
  writeConfirmed(executable: string): Promise<void>;
  failed(): Promise<FailedTrial | null>;
}

const failedMaxBytes = 64 * 1024;

export function updateFiles(stateFolder: string): UpdateFiles {
  const folder = join(stateFolder, 'agent');
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, line: string): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFileAtomic(path(name), `${line}\n`, { mode: 0o600 });
  };
  const read = (name: string): Promise<string | null> => readFile(path(name), 'utf8').catch(() => null);
  const remove = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) await rm(path(name), { force: true });
    await syncFolder(folder);
  };
  return {
    folder,
    snapshot: path('before'),
    trial: async () => (await read('trial'))?.split(' ')[0] ?? null,
    confirmed: async () => (await read('confirmed'))?.trimEnd() ?? null,
    confirmedNow: () => {
      try {
        return readFileSync(path('confirmed'), 'utf8').trimEnd();
      } catch {
        return null;
      }
    },
    isTrialNow: () => existsSync(path('trial')),
    writeTrial: async ({ what, attempt, executable }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await remove('failed', 'boots', 'ready');
      await write('trial', `${what}.${attempt} ${executable}`);
    },
    writeReady: () => write('ready', ''),
    writeConfirmed: async (executable) => {
      await write('confirmed', executable);
      await remove('trial', 'boots', 'ready', 'failed');
    },
    failed: async () => parseFailed((await read('failed'))?.slice(0, failedMaxBytes) ?? ''),
  };
}

function parseFailed(text: string): FailedTrial | null {
  const match = /^([0-9a-f]+)\.(\d{1,6}) (exited|hung|silent) (.*)\n/.exec(text);
  if (match === null) return null;
  const [line, what = '', attempt, cause, words = ''] = match;
  return {
    what,
    attempt: Number(attempt),
    cause: cause as FailedTrial['cause'],
    words,
    output: text.slice(line.length),
  };
}
