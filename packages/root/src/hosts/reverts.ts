import type { Report } from '@xylem/core';
import type { BodyOf } from '../api/contract.ts';
import type { HostsChanged } from '../api/schemas/index.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Who } from '../auth/api-tokens.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { changeHosts } from './change.ts';
import { type Told, toldBefore } from './told.ts';

type Revert = NonNullable<Report['reverts']>[number];

/**
 * Has hosts follow direction again with a product that someone there took back. What is meant is the return that the host
 * reported last, by its time: a later one is another decision.
 */
export async function undoReverts(
  root: Root,
  { select, product, dryRun = false }: BodyOf<'hostUndoRevert'>,
  who: Who,
): Promise<HostsChanged> {
  const reported = await toldBefore(root.db);
  return await changeHosts(root, select, {
    what: 'host.undo-revert',
    who,
    dryRun,
    change: ({ id, undo }) => {
      const meant = reported.get(id)?.reverts?.find((revert) => revert.product === product)?.since;
      if (meant === undefined || undo[product] === meant) return null;
      return { undone_returns: JSON.stringify({ ...undo, [product]: meant }) };
    },
    note: ({ name }) => ({ name, product }),
  });
}

/**
 * Writes into the audit log what people on a host took back, or undid, since its report before. They said it there,
 * without this root server: `who` is the host, and who it was stands in the entry.
 */
export async function noteReverts(
  trx: Database,
  report: Report,
  told: Told | undefined,
  nowMs: number,
): Promise<void> {
  const before = told?.reverts ?? [];
  const now = report.reverts ?? [];
  const entry = {
    who: `host/${report.host}`,
    subject: `host/${report.host}`,
    environment: report.environment,
  };
  for (const revert of now.filter((one) => !before.some((other) => isSame(one, other)))) {
    await appendAudit(trx, nowMs, { ...entry, what: 'host.reverted', after: revert });
  }
  for (const revert of before.filter((one) => !now.some((other) => isSame(one, other)))) {
    await appendAudit(trx, nowMs, { ...entry, what: 'host.revert-undone', before: revert });
  }
}

const isSame = (a: Revert, b: Revert): boolean => a.product === b.product && a.since === b.since;
