import type { Envelope, ReportNumber as Place } from '@xylem/core';

/** A report's place in its host's history, and for whom. */
export interface ReportNumber extends Place {
  /** Of a report: who brought it can't read proofs. Of a watermark: it is an envelope of its own, which everyone reads. */
  readonly single: boolean;
}

export interface SpooledReport extends ReportNumber {
  readonly environment: string;
  readonly envelope: Envelope;
}

/**
 * Whether `next` replaces `kept` (docs/spec/reports.md): a later one of the same incarnation, or the same one for who
 * reads no proofs; of another incarnation whatever arrives later, since nobody below the root server can order them.
 */
export function supersedes(next: ReportNumber, kept: ReportNumber | undefined): boolean {
  if (kept === undefined || next.incarnation !== kept.incarnation) return true;
  if (next.sequence === kept.sequence) return next.single && !kept.single;
  return next.sequence > kept.sequence;
}

/** Whether the root server has this report, by its newest watermark for the host, which who brought it can read. */
export function covers(watermark: ReportNumber | undefined, report: ReportNumber): boolean {
  if (watermark === undefined || (report.single && !watermark.single)) return false;
  return watermark.incarnation === report.incarnation && watermark.sequence >= report.sequence;
}
