import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock, formatTime, syncFolder } from '@xylem/platform';
import { isAhead, type StepKind, stepKinds } from './points.ts';

/** One line of a component's journal. */
export interface JournalEntry {
  readonly at: string;
  readonly step: StepKind;
  readonly phase: 'begin' | 'end' | 'failed';
  /** `installFingerprint` of what the step leads to; empty where it leads to nothing. */
  readonly fingerprint: string;
  readonly code?: string;
}

/** What was begun with one component since it was last at rest. */
export interface Journal {
  /** Durable when it resolves: only then may the step act. */
  begin(step: StepKind, fingerprint: string): Promise<void>;
  end(step: StepKind, fingerprint: string): Promise<void>;
  failed(step: StepKind, fingerprint: string, code: string): Promise<void>;
  entries(): Promise<JournalEntry[]>;
  /** The component is at rest; the lines stay in `<component>.jsonl.last` for whoever looks. */
  close(): Promise<void>;
}

/** A component that can't come to rest for months must not fill the disk with its attempts. */
const maxBytes = 1024 * 1024;

export function journalOf(path: string, clock: Clock): Journal {
  const append = async (entry: Omit<JournalEntry, 'at'>, durable: boolean): Promise<void> => {
    const { file, isNew } = await opened(path);
    try {
      // A line that a crash cut off must not swallow this one.
      await file.appendFile(`\n${JSON.stringify({ at: formatTime(clock.now()), ...entry })}\n`);
      if (durable) await file.datasync();
    } finally {
      await file.close();
    }
    if (durable && isNew) await syncFolder(dirname(path));
  };
  return {
    begin: (step, fingerprint) => append({ step, phase: 'begin', fingerprint }, true),
    end: (step, fingerprint) => append({ step, phase: 'end', fingerprint }, false),
    failed: (step, fingerprint, code) => append({ step, phase: 'failed', fingerprint, code }, false),
    entries: async () => {
      const text = await readFile(path, 'utf8').catch(() => '');
      return parseJournal(text);
    },
    close: async () => {
      await rename(path, `${path}.last`).catch(() => undefined);
    },
  };
}

async function opened(path: string): Promise<{ readonly file: FileHandle; readonly isNew: boolean }> {
  const file = await open(path, 'a', 0o600).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, 'a', 0o600);
  });
  try {
    const { size } = await file.stat();
    if (size <= maxBytes) return { file, isNew: size === 0 };
    await rename(path, `${path}.last`);
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return await opened(path);
}

/** The whole lines; what a crash cut off is left out. Pure. */
export function parseJournal(text: string): JournalEntry[] {
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as JournalEntry;
      return stepKinds.includes(entry.step) && typeof entry.fingerprint === 'string' ? [entry] : [];
    } catch {
      return [];
    }
  });
}

/** How often `step` was begun for this installation without any outcome: crashes, power losses. Pure. */
export function interruptions(entries: readonly JournalEntry[], step: StepKind, fingerprint: string): number {
  const own = entries.filter((entry) => entry.step === step && entry.fingerprint === fingerprint);
  const begun = own.filter(({ phase }) => phase === 'begin').length;
  return begun - own.filter(({ phase }) => phase !== 'begin').length;
}

/**
 * Whether a change began to touch what runs and was cut off: by a crash, a power loss, an agent that was asked to end.
 * One that failed is no longer under way. Pure.
 * @param fingerprint of what it leads to, empty where it leads to nothing
 */
export function isBegun(entries: readonly JournalEntry[], fingerprint: string): boolean {
  const own = entries.filter(
    (entry) => entry.fingerprint === fingerprint && !isAhead(entry.step) && entry.step !== 'preflight',
  );
  const last = own.at(-1);
  return last !== undefined && (last.phase !== 'failed' || last.code === 'E_INTERRUPTED');
}
