import type { Report, ReportedComponent } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { newestReport, type StoredReport } from '../hosts/kept-report.ts';

type HeardComponent = Omit<ReportedComponent, 'kind' | 'tree' | 'previous'>;

/** As much of a report as anything is decided by. */
export interface HeardReport
  extends Pick<Report, 'agent' | 'facts' | 'direction' | 'waiting' | 'observing' | 'probes' | 'knows'> {
  readonly components: readonly HeardComponent[];
}

/** A stored report, and of a relay's what it says of its children. */
interface ReadReport {
  readonly report: HeardReport;
  readonly serves: Report['serves'];
}

const mostTexts = 10_000;

/**
 * Reads stored reports, which were checked when they were taken, as what is decided by. Ten thousand hosts say mostly
 * the same: equal texts are held once, and the rest of a report not at all.
 */
export class ReportReader {
  readonly #texts = new Map<string, string>();

  read(row: StoredReport): ReadReport {
    const { agent, facts, direction, waiting, observing, probes, knows, components, serves } =
      newestReport(row);
    const { boot: _, ...platform } = facts;
    const report = {
      agent: this.#text(agent),
      facts: this.#shared(platform),
      direction,
      waiting,
      components: components.map(({ kind: _kind, tree: _tree, previous: _previous, ...said }) =>
        this.#shared(said),
      ),
      ...(observing === undefined ? {} : { observing }),
      ...(probes === undefined ? {} : { probes }),
      ...(knows === undefined ? {} : { knows: knows.map((one) => this.#text(one)) }),
    };
    return { report, serves };
  }

  #shared<Said extends object>(said: Said): Said {
    const shared: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(said))
      shared[name] = typeof value === 'string' ? this.#text(value) : value;
    return shared as Said;
  }

  #text<Text extends string>(text: Text): Text {
    const known = this.#texts.get(text);
    if (known !== undefined) return known as Text;
    // What hosts make up may not fill it.
    if (this.#texts.size >= mostTexts) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}

/** So many documents are held at once, whatever the number of hosts. */
const rowsAtOnce = 500;

/** The newest reports of an environment's hosts, by revision: one that is replaced meanwhile comes again. */
export async function* reportRows(db: Database, environment: string, after = 0) {
  for (let revision = after, isMore = true; isMore; ) {
    const rows = await selectReports(db, environment)
      .where('s.revision', '>', revision)
      .orderBy('s.revision')
      .limit(rowsAtOnce)
      .execute();
    yield* rows;
    revision = rows.at(-1)?.revision ?? revision;
    isMore = rows.length === rowsAtOnce;
  }
}

/** Those of a few hosts. */
export const selectReports = (db: Database, environment: string) =>
  db
    .selectFrom('reports as r')
    .innerJoin('host_states as s', 's.host', 'r.host')
    .innerJoin('hosts as h', 'h.id', 'r.host')
    .select((e) => [
      'r.host',
      'r.document',
      's.moving',
      e.ref('s.heard_ms').$notNull().as('heard_ms'),
      e.ref('s.revision').$notNull().as('revision'),
      'h.serve',
    ])
    .where('s.reported_in', '=', environment);
