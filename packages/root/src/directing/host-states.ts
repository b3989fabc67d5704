import { assignmentsFor, type DesiredState, type HostId, type HostMapEntry, type Report } from '@xylem/core';
import { unhurried } from '@xylem/platform';
import { lockFor } from '../db/lock.ts';
import { inStatements } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';
import type { OwnWords, SaidStates } from '../hosts/said-states.ts';
import { packagesOf, type SaidState, saidState, type Wanted } from '../hosts/view.ts';
import { countingLock } from '../ingest/replace-reports.ts';

/** What is directed at this moment. */
export interface Directions {
  state(environment: string): DesiredState | null;
  /** What its host map says; undefined: nothing was composed by this process. */
  entries(environment: string): ReadonlyMap<HostId, HostMapEntry> | undefined;
}

/** Hosts between two turns of the event loop while it is compared what each should have. */
const comparedAtOnce = 200;

/** Keeps what stands in the database about hosts' states in step with direction. */
export class HostStates implements SaidStates {
  readonly #db: Database;
  readonly #directions: Directions;
  /** For which number the states were written, and what each host should have had by it, as text. */
  readonly #followed = new Map<string, { readonly number: number; readonly wanted: Map<HostId, string> }>();

  constructor(db: Database, directions: Directions) {
    this.#db = db;
    this.#directions = directions;
  }

  isCertain(environment: string): boolean {
    return this.#directions.entries(environment) !== undefined;
  }

  of(report: Report, own: OwnWords): SaidState {
    const { environment, host } = report;
    const entry = this.#directions.entries(environment)?.get(host) ?? {
      name: own.name,
      labels: JSON.parse(own.labels) as Record<string, string>,
    };
    return saidState(report, wantedBy(this.#directions.state(environment), host, entry));
  }

  /**
   * Writes the states anew of hosts that should have something else since it was last called for the environment: one
   * call at a time. After a fault the next call makes good for it.
   */
  async follow(environment: string): Promise<void> {
    const state = this.#directions.state(environment);
    const before = this.#followed.get(environment);
    if (state === null || before?.number === state.number) return;
    const entries = this.#directions.entries(environment);
    const wanted = await wantedTexts(state, entries ?? new Map());
    if (before !== undefined) {
      const others = [...wanted.keys()].filter((host) => wanted.get(host) !== before.wanted.get(host));
      await this.#write(environment, others);
    } else if (!(await this.#isWritten(environment, state.number)))
      await this.#write(environment, await this.#reporters(environment));
    // Of a restored root server it is not known yet what is directed to single hosts.
    if (entries === undefined) return;
    await this.#db
      .updateTable('directions')
      .set({ states_number: state.number })
      .where('environment', '=', environment)
      .execute();
    this.#followed.set(environment, { number: state.number, wanted });
  }

  async #isWritten(environment: string, number: number): Promise<boolean> {
    const row = await this.#db
      .selectFrom('directions')
      .select('states_number')
      .where('environment', '=', environment)
      .executeTakeFirst();
    return row?.states_number === number;
  }

  async #reporters(environment: string): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('host_states')
      .select('host')
      .where('environment', '=', environment)
      .where('heard_ms', 'is not', null)
      .execute();
    return rows.map(({ host }) => host);
  }

  async #write(environment: string, hosts: readonly string[]): Promise<void> {
    for await (const some of unhurried(inStatements(hosts))) {
      await this.#db.transaction().execute(async (trx) => {
        // What is directed is in place: a report that is being taken by the old is waited for, a later one goes by the new.
        await lockFor(trx, countingLock);
        const rows = await trx
          .selectFrom('reports as r')
          .innerJoin('hosts as h', 'h.id', 'r.host')
          .select(['r.document', 'h.name', 'h.labels'])
          .where('r.environment', '=', environment)
          .where('r.host', 'in', some)
          .execute();
        const reports = rows.map(({ document, ...own }) => {
          const report = JSON.parse(document) as Report;
          return { host: report.host, says: this.of(report, own) };
        });
        for (const [says, of] of Map.groupBy(reports, (one) => one.says))
          await trx
            .updateTable('host_states')
            .set({ says })
            .where(
              'host',
              'in',
              of.map(({ host }) => host),
            )
            .where('says', 'is distinct from', says)
            .execute();
      });
    }
  }
}

function wantedBy(state: DesiredState | null, host: HostId, entry: HostMapEntry): Wanted {
  return packagesOf(state === null ? [] : assignmentsFor(state, host, entry).assignments);
}

/** Equal texts are one string: there are few of them, whatever the number of hosts. */
async function wantedTexts(
  state: DesiredState,
  entries: ReadonlyMap<HostId, HostMapEntry>,
): Promise<Map<HostId, string>> {
  const texts = new Map<string, string>();
  const wanted = new Map<HostId, string>();
  for await (const [host, entry] of unhurried(entries, comparedAtOnce)) {
    const parts = Array.from(wantedBy(state, host, entry), ([component, digest]) => `${component}=${digest}`);
    const text = parts.sort().join();
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    wanted.set(host, known ?? text);
  }
  return wanted;
}
