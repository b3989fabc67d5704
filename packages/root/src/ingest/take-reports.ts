import type { Report } from '@xylem/core';
import { noteAdoption } from '../adoption/note.ts';
import { lockFor } from '../db/lock.ts';
import { inStatements } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import {
  type BootStart,
  bootKey,
  bootsOf,
  forgetOldBoots,
  markCloned,
  noteBoot,
  sameNumberTwice,
} from '../hosts/clones.ts';
import { noteReverts } from '../hosts/reverts.ts';
import { type SaidStates, undirected } from '../hosts/said-states.ts';
import { toldBefore } from '../hosts/told.ts';
import { noteReported } from '../incidents/of-reports.ts';
import { takeJobs, withoutJobTexts } from '../jobs/take.ts';
import { countingLock, replaceReports } from './replace-reports.ts';

/** What of a host's reports the root server has. */
export interface Mark {
  readonly host: string;
  readonly incarnation: string;
  readonly sequence: number;
}

/** Of one host. An honest one draws its incarnation with its state folder; the oldest go when there are more. */
const maxIncarnations = 64;

/** The rows of one report's incarnation, and whether this report is now the host's newest. */
interface Judged {
  readonly report: Report;
  readonly isNewest: boolean;
}

/**
 * Takes a batch in one transaction. The newest of each host stays; what it supersedes is folded away. Within an
 * incarnation the higher sequence counts; between incarnations the order in which they first arrived here.
 * @returns for each report the highest sequence held of its incarnation, and the hosts whose state is new
 */
export async function takeReports(
  db: Database,
  reports: readonly Report[],
  nowMs: number,
  how: {
    readonly envelopeOf: (report: Report) => object;
    readonly isRestored: boolean;
    readonly states: SaidStates;
  } = { envelopeOf: () => ({}), isRestored: false, states: undirected },
): Promise<{ marks: Mark[]; changed: Report[] }> {
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, countingLock);
    const hosts = [...new Set(reports.map((report) => report.host))];
    const known = await trx.selectFrom('incarnations').selectAll().where('host', 'in', hosts).execute();
    const boots = await bootsOf(trx, hosts);
    const bootsFor = (report: Report): BootStart[] => {
      const starts = boots.get(bootKey(report)) ?? [];
      boots.set(bootKey(report), starts);
      return starts;
    };
    const heldOf = Map.groupBy(known, (row) => row.host as string);
    const touched = new Map<string, (typeof known)[number]>();
    const newest = new Map<string, Report>();
    for (const report of reports) {
      const held = heldOf.get(report.host) ?? [];
      heldOf.set(report.host, held);
      const before = held.find(({ incarnation }) => incarnation === report.incarnation)?.sequence ?? 0;
      const { isNewest } = judge(held, report, nowMs, touched);
      const copy =
        (await noteBoot(trx, report, bootsFor(report), before, nowMs)) ??
        (report.sequence === before ? await sameNumberTwice(trx, withoutJobTexts(report)) : null);
      if (copy !== null) await markCloned(trx, report.host, copy, nowMs);
      if (isNewest) newest.set(report.host, report);
    }
    for (const rows of inStatements([...touched.values()])) {
      await trx
        .insertInto('incarnations')
        .values(rows)
        .onConflict((c) =>
          c.columns(['host', 'incarnation']).doUpdateSet((e) => ({ sequence: e.ref('excluded.sequence') })),
        )
        .execute();
    }
    for (const [host, held] of heldOf) {
      const last = Math.max(0, ...held.map((row) => row.rank));
      if (held.length <= maxIncarnations) continue;
      await trx
        .deleteFrom('incarnations')
        .where('host', '=', host)
        .where('rank', '<=', last - maxIncarnations)
        .execute();
      await forgetOldBoots(trx, host);
    }
    const told = await toldBefore(trx, hosts);
    for (const report of newest.values()) {
      await noteReverts(trx, report, told.get(report.host), nowMs);
      await noteAdoption(trx, report, told.get(report.host), nowMs);
      await takeJobs(trx, report, { nowMs, envelope: how.envelopeOf(report), isRestored: how.isRestored });
    }
    await replaceReports(trx, [...newest.values()].map(withoutJobTexts), nowMs, how.states);
    await noteReported(trx, [...newest.values()], nowMs);
    const marks = reports.map(({ host, incarnation }) => ({
      host,
      incarnation,
      sequence: heldOf.get(host)?.find((row) => row.incarnation === incarnation)?.sequence ?? 0,
    }));
    return { marks, changed: [...newest.values()] };
  });
}

type Held = { host: string; incarnation: string; first_ms: number; rank: number; sequence: number };

function judge(held: Held[], report: Report, nowMs: number, touched: Map<string, Held>): Judged {
  const last = Math.max(0, ...held.map((row) => row.rank));
  let row = held.find(({ incarnation }) => incarnation === report.incarnation);
  if (row === undefined) {
    const { host, incarnation } = report;
    row = { host, incarnation, first_ms: nowMs, rank: last + 1, sequence: 0 };
    held.push(row);
  }
  if (report.sequence <= row.sequence) return { report, isNewest: false };
  row.sequence = report.sequence;
  touched.set(`${row.host} ${row.incarnation}`, row);
  return { report, isNewest: row.rank >= last };
}
