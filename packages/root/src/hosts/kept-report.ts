import { type Report, sha256 } from '@xylem/core';

/** What moves in a report without anything having happened (docs/spec/reports.md, A report that says the same). */
interface Moving
  extends Pick<Report, 'sequence' | 'time' | 'transfer'>,
    Pick<Report['facts'], 'diskFreeBytes'> {}

/** What is written of each report; its document is written anew only where `digest` differs. */
export interface KeptReport {
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
    digest: sha256(JSON.stringify([others, steady])),
    moving: JSON.stringify(moving),
  };
}

/** As the database has it: `document` may be an earlier report that says the same; `moving` null: it is the newest. */
export interface StoredReport {
  readonly document: string;
  readonly moving: string | null;
}

export function newestReport({ document, moving }: StoredReport): Report {
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
