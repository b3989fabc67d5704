import type { Envelope, HostId } from '@xylem/core';

/** A report's place in its host's history. */
export interface ReportNumber {
  readonly host: HostId;
  readonly incarnation: string;
  readonly sequence: number;
}

export interface SpooledReport extends ReportNumber {
  readonly environment: string;
  readonly envelope: Envelope;
}

/**
 * Whether `next` replaces `kept` (docs/spec/reports.md): a later one of the same incarnation; of another incarnation
 * whatever arrives later, since nobody below the root server can order incarnations.
 */
export function supersedes(next: ReportNumber, kept: ReportNumber | undefined): boolean {
  if (kept === undefined || next.incarnation !== kept.incarnation) return true;
  return next.sequence > kept.sequence;
}

/** Whether the root server has this report, by its newest watermark for the host. */
export function covers(watermark: ReportNumber | undefined, report: ReportNumber): boolean {
  return watermark?.incarnation === report.incarnation && watermark.sequence >= report.sequence;
}
