import { errorCodes, lifetimes, type News } from '@xylem/core';

/** What was looked at on a host, and what is to be done where it is not well. */
export interface Finding {
  readonly check:
    | 'state'
    | 'disk'
    | 'clock'
    | 'certificate'
    | 'name'
    | 'parent'
    | 'reports'
    | 'agent'
    | 'policy'
    | 'direction'
    | 'components';
  readonly ok: boolean;
  /** One sentence. */
  readonly says: string;
  /** What to do; null where nothing is. */
  readonly advice: string | null;
}

const well = (check: Finding['check'], says: string): Finding => ({ check, ok: true, says, advice: null });
const ill = (check: Finding['check'], says: string, advice: string): Finding => ({
  check,
  ok: false,
  says,
  advice,
});
export const found = { well, ill };

const mib = 1024 * 1024;
/** The agent reserves 8 MiB before it fetches anything; below this the next update is likely to wait. */
const scarceBytes = 128 * mib;
const scarceInodes = 2_000;

/** Bytes and inodes that are free for the state folder; `inodes` null where the file system counts none. Pure. */
export function judgeDisk(freeBytes: number, freeInodes: number | null): Finding {
  const text = `${Math.floor(freeBytes / mib)} MiB are free where the state folder lies`;
  const advice = 'Make room; what runs goes on meanwhile, and the agent tries again by itself.';
  if (freeBytes < scarceBytes) return ill('disk', `Only ${text}.`, advice);
  if (freeInodes !== null && freeInodes < scarceInodes) {
    return ill('disk', `${text}, but only ${freeInodes} files can be made there (inodes).`, advice);
  }
  return well('disk', `${text}.`);
}

const clockToleranceMs = 5 * 60_000;

/**
 * This machine's clock against what is known of the time: the floor that signed documents set, and a parent's `Date`.
 * Epoch milliseconds; null where nothing is known. Pure.
 */
export function judgeClock(nowMs: number, floorMs: number | null, parentMs: number | null): Finding {
  const advice = 'Set the clock, and let something keep it (timedatectl set-ntp true).';
  if (floorMs !== null && nowMs < floorMs - clockToleranceMs) {
    const behind = spanText(floorMs - nowMs);
    return ill('clock', `The clock is at least ${behind} behind what has been signed already.`, advice);
  }
  if (parentMs === null)
    return well('clock', 'The clock is not before anything signed; no parent told the time.');
  const offMs = nowMs - parentMs;
  if (Math.abs(offMs) <= clockToleranceMs) return well('clock', "The clock agrees with the parent's.");
  const says = `The clock is ${spanText(Math.abs(offMs))} ${offMs < 0 ? 'behind' : 'ahead of'} the parent's; one of the two is wrong.`;
  return ill('clock', says, advice);
}

/** Pure. */
export function judgeCertificate(nowMs: number, fromMs: number, toMs: number): Finding {
  if (nowMs < fromMs) {
    return ill(
      'certificate',
      `The certificate counts from ${new Date(fromMs).toISOString()} on, and the clock is before that.`,
      'Set the clock.',
    );
  }
  if (nowMs >= toMs) {
    return ill(
      'certificate',
      `The certificate ended ${spanText(nowMs - toMs)} ago; the agent renews it as soon as a parent answers.`,
      'See what keeps it from its parents, below. A host that was shut out joins again with a new token.',
    );
  }
  return well('certificate', `The certificate counts for ${spanText(toMs - nowMs)} more.`);
}

/** What a parent that answers says of itself: how long ago it heard of the root server, and whether its disk is full. Pure. */
export function judgeWord(url: string, said: Pick<News, 'sinceRootMs' | 'fullForMs'>): Finding[] {
  const { sinceRootMs = 0, fullForMs } = said;
  const findings: Finding[] = [];
  if (sinceRootMs > lifetimes.cutOffMs) {
    const says = `Cut off from the root server for ${spanText(sinceRootMs)}, by its own word, although ${url} answers.`;
    findings.push(ill('parent', says, errorCodes.E_CUT_OFF.advice));
  }
  if (fullForMs !== undefined) {
    const says = `The disk of ${url} is full for ${spanText(fullForMs)}, by its own word: it takes nothing new.`;
    findings.push(ill('parent', says, errorCodes.E_PARENT_FULL.advice));
  }
  return findings;
}

/** Reports that the root server has not signed for by then are held up or held back on the way. */
const unansweredMs = lifetimes.cutOffMs;

/**
 * The newest report against the root server's signed answer, which no parent can make up. Epoch milliseconds.
 * @param madeMs of the newest report that no watermark covers; null: all are covered. Pure.
 */
export function judgeReports(nowMs: number, madeMs: number | null): Finding {
  if (madeMs === null) return well('reports', 'The root server has signed for the newest report.');
  const ago = spanText(Math.max(0, nowMs - madeMs));
  if (nowMs - madeMs <= unansweredMs)
    return well(
      'reports',
      `The newest report was made ${ago} ago; the root server has not signed for it yet.`,
    );
  return ill(
    'reports',
    `The root server has not signed for the newest report, made ${ago} ago: it has not heard it, or its answer is held back.`,
    'If a parent answers and says nothing of that, look at that relay; the report is offered to other parents too.',
  );
}

/** A length of time as people say it. Pure. */
function spanText(ms: number): string {
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
  if (ms >= 2 * day) return `${Math.floor(ms / day)} days`;
  if (ms >= 2 * hour) return `${Math.floor(ms / hour)} hours`;
  if (ms >= 2 * minute) return `${Math.floor(ms / minute)} minutes`;
  return `${Math.floor(ms / 1000)} seconds`;
}
