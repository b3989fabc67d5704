import { type Report, sha256 } from '@xylem/core';

/** What moves in a report without anything having happened (docs/spec/reports.md, A report that says the same). */
interface Moving
  extends Pick<Report, 'sequence' | 'time' | 'transfer'>,
    Pick<Report['facts'], 'diskFreeBytes'> {}

/** A report as it is kept: `document` is written anew only where `digest` differs. */
export interface KeptReport {
  readonly document: string;
  /** Of all but what moves. */
  readonly digest: string;
  readonly moving: string;
}

export function keptReport(report: Report): KeptReport {
  const { sequence, time, transfer, facts, ...others } = report;
  const { diskFreeBytes, ...steady } = facts;
  const moving: Moving = {
    sequence,
    time,
    transfer,
    ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }),
  };
  return {
    document: JSON.stringify(report),
    digest: sha256(JSON.stringify([others, steady])),
    moving: JSON.stringify(moving),
  };
}

/** The newest report, of which `document` may be an earlier one that says the same. @param moving null: the document is the newest */
export function newestReport({
  document,
  moving,
}: {
  readonly document: string;
  readonly moving: string | null;
}): Report {
  const report = JSON.parse(document) as Report;
  if (moving === null) return report;
  const { diskFreeBytes, ...own } = JSON.parse(moving) as Moving;
  const { diskFreeBytes: _, ...steady } = report.facts;
  return {
    ...report,
    ...own,
    facts: { ...steady, ...(diskFreeBytes === undefined ? {} : { diskFreeBytes }) },
  };
}
