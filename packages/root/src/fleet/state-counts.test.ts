import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DesiredState, type EnvironmentId, type HostId, type HostMapEntry, timeOf } from '@xylem/core';
import { cleanup } from '@xylem/testkit';
import fc from 'fast-check';
import type { Database } from '../db/tables.ts';
import { HostStates } from '../directing/host-states.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { viewsOf } from '../hosts/views.ts';
import { takeReports } from '../ingest/take-reports.ts';
import type { Root } from '../root.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { testDatabases } from '../testing/databases.ts';
import { installed } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';
import { insertRowHosts, type RowHost, reportOfRow, rowHosts, withDatabase } from '../testing/row-hosts.ts';
import { noStates, stateCounts } from './state-counts.ts';

const own = cleanup();
after(() => own.run());

const packages = { '1': 'a'.repeat(64), '2': 'b'.repeat(64) } as const;
const acts = [
  'report',
  'report',
  'report',
  'broken',
  'refusal',
  'waits',
  'empty',
  'retire',
  'return',
  'revoke',
  'move',
  'label',
  'direct',
  'restart',
  'stranger',
  'time',
] as const;

/** Two environments, what is directed to them, and the clock. */
class World {
  readonly db: Database;
  readonly ids: readonly EnvironmentId[];
  readonly hosts: RowHost[];
  nowMs = 1_000_000;
  states: HostStates;
  readonly #directions = new Map<string, { state: DesiredState; entries: Map<HostId, HostMapEntry> }>();

  constructor(db: Database, ids: readonly EnvironmentId[]) {
    this.db = db;
    this.ids = ids;
    this.hosts = rowHosts('host', ids[0] as EnvironmentId, 5);
    this.states = this.#started();
  }

  get root(): Pick<Root, 'db' | 'clock' | 'directing'> {
    return {
      db: this.db,
      clock: { now: () => this.nowMs } as Root['clock'],
      directing: {
        state: (id: string) => this.#directions.get(id)?.state ?? null,
        entry: (id: string, host: HostId) => this.#directions.get(id)?.entries.get(host),
      } as unknown as Root['directing'],
    };
  }

  /** Publishes what the hosts' rows say, with this version for those of tier `b`. */
  async direct(id: EnvironmentId, version: keyof typeof packages): Promise<void> {
    const hosts = await hostsIn(this.db, [id]);
    const number = (this.#directions.get(id)?.state.number ?? 0) + 1;
    const assignment = (of: keyof typeof packages, where: string) => ({
      component: 'web',
      product: 'shop',
      package: packages[of],
      where,
      config: {},
      after: [],
    });
    const state = {
      number,
      assignments: [assignment('1', 'tier=a'), assignment(version, 'tier=b')],
      policy: { reportEverySeconds: 60 },
    } as unknown as DesiredState;
    const entries = new Map(
      hosts.map(({ id: host, name, labels }) => [host as HostId, { name, labels: { ...labels } }]),
    );
    this.#directions.set(id, { state, entries });
    const values = { number, meaning: '', document: '' };
    await this.db
      .insertInto('directions')
      .values({ environment: id, ...values })
      .onConflict((c) => c.column('environment').doUpdateSet(values))
      .execute();
    await this.states.follow(id);
  }

  /** Another process begins, with what was published. */
  async restart(): Promise<void> {
    this.states = this.#started();
    for (const id of this.ids) await this.states.follow(id);
  }

  #started(): HostStates {
    return new HostStates(this.db, {
      state: (id) => this.#directions.get(id)?.state ?? null,
      entries: (id) => this.#directions.get(id)?.entries,
    });
  }

  async report(host: RowHost, act: string, version: keyof typeof packages): Promise<void> {
    const web = installed(
      { component: 'web', product: 'shop', version: `${version}.0.0`, package: packages[version] } as never,
      timeOf(1),
    );
    const refused = { package: packages[version === '1' ? '2' : '1'], code: 'E_DIGEST', message: '' };
    const running = {
      ...web,
      healthy: act !== 'broken',
      ...(act === 'refusal' ? { refused: refused as never } : {}),
    };
    const waiting = { component: null, code: 'E_NETWORK', message: '', since: timeOf(1) } as never;
    const report = reportOfRow(host, act === 'empty' ? [] : [running], {
      waiting: act === 'waits' ? [waiting] : [],
    });
    await takeReports(this.db, [report], this.nowMs, {
      envelopeOf: () => ({}),
      isRestored: false,
      states: this.states,
    });
  }

  async change(host: RowHost, values: object): Promise<void> {
    await this.db.updateTable('hosts').set(values).where('id', '=', host.id).execute();
  }

  /** The counts as they have to be: from each report. */
  async recount(id: EnvironmentId) {
    const counts = noStates();
    for (const { state } of await viewsOf(this.root, await hostsIn(this.db, [id]))) counts[state] += 1;
    return counts;
  }
}

const step = fc.record({
  host: fc.nat(4),
  act: fc.constantFrom(...acts),
  version: fc.constantFrom('1' as const, '2' as const),
  environment: fc.nat(1),
});

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function take(world: World, { host: index, act, version, environment }: Step): Promise<void> {
  const host = world.hosts[index] as RowHost;
  const id = world.ids[environment] as EnvironmentId;
  switch (act) {
    case 'retire':
    case 'return':
      return await world.change(host, { retired: act === 'retire' ? 1 : 0 });
    case 'revoke':
      return await world.change(host, { revoked_ms: 1, revoked_reason: 'lost' });
    case 'move':
      Object.assign(host, { environment: id });
      return await world.change(host, { environment: id });
    case 'label':
      await world.change(host, { labels: JSON.stringify({ tier: version === '1' ? 'a' : 'b' }) });
      return await world.direct(host.environment, version);
    case 'direct':
      return await world.direct(id, version);
    case 'restart':
      return await world.restart();
    case 'time':
      world.nowMs += 100_000;
      return;
    case 'stranger': {
      const [stranger] = rowHosts('late', id, 1);
      if (stranger === undefined) return;
      await world.report(stranger, 'report', version);
      return await insertRowHosts(world.db, [stranger], 1);
    }
    default:
      return await world.report(host, act, version);
  }
}

for (const { kind, skip, options } of await testDatabases(own)) {
  describe(`states of hosts: ${kind}`, { skip }, () => {
    let database: { readonly db: Database; readonly ids: readonly EnvironmentId[] };
    const done = Promise.withResolvers<void>();
    let held: Promise<void> = Promise.resolve();
    before(async () => {
      const root = await rootFixture(own, await options('states'));
      const ids: EnvironmentId[] = [];
      for (const name of ['one', 'two', 'many'])
        ids.push((await root.api('environmentCreate', { body: { name } })).id as EnvironmentId);
      const opened = Promise.withResolvers<void>();
      held = withDatabase(root, async (db) => {
        database = { db, ids };
        opened.resolve();
        await done.promise;
      });
      await Promise.race([opened.promise, held]);
    });
    after(async () => {
      done.resolve();
      await held;
    });

    test('the counts are those of all reports, whatever becomes of hosts and of direction', async () => {
      const { db } = database;
      const ids = database.ids.slice(0, 2);
      const seen = new Set<string>();
      const check = async (steps: readonly Step[]): Promise<void> => {
        const world = new World(db, ids);
        await db.deleteFrom('hosts').execute();
        await db.updateTable('directions').set({ states_number: 0, number: 0 }).execute();
        await insertRowHosts(db, world.hosts, 1);
        for (const id of ids) await world.direct(id, '2');
        for (const one of steps) {
          await take(world, one);
          for (const id of ids) {
            const counts = await stateCounts(world.root, id);
            assert.deepEqual(counts, await world.recount(id), JSON.stringify(one));
            for (const [state, hosts] of Object.entries(counts)) if (hosts > 0) seen.add(state);
          }
        }
      };
      const written: (readonly [Step['act'], Step['version']])[][] = [
        [
          ['label', '1'],
          ['report', '1'],
          ['broken', '1'],
          ['waits', '1'],
          ['time', '1'],
          ['time', '1'],
          ['time', '1'],
        ],
        [
          ['report', '1'],
          ['retire', '1'],
          ['return', '1'],
          ['revoke', '1'],
        ],
        [
          ['label', '2'],
          ['report', '2'],
          ['direct', '1'],
          ['restart', '1'],
          ['direct', '2'],
          ['refusal', '1'],
        ],
        [
          ['stranger', '1'],
          ['report', '1'],
          ['label', '1'],
          ['label', '2'],
          ['empty', '1'],
        ],
      ];
      for (const line of written)
        await check(line.map(([act, version]) => ({ host: 0, environment: 0, act, version })));
      await check([0, 1, 0].map((environment) => ({ host: 0, act: 'move', version: '1', environment })));
      assert.deepEqual([...seen].sort(), Object.keys(noStates()).sort());
      await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), check), {
        numRuns: kind === 'sqlite' ? 20 : 4,
      });
    });

    test('what is counted reads as much of many hosts as of few', async () => {
      const { db, ids } = database;
      const id = ids[2] as EnvironmentId;
      const world = new World(db, [id]);
      const { counted, of, rowsOf } = countedStatements(db);
      const look = () => stateCounts({ ...world.root, db: counted }, id);
      const grow = async (count: number): Promise<void> => {
        const hosts = rowHosts('more', id, count);
        await insertRowHosts(db, hosts, 1);
        const reports = hosts.map((host) => reportOfRow(host, []));
        await takeReports(db, reports, world.nowMs);
      };
      await grow(20);
      const few = [await of(look), await rowsOf(look)];
      await grow(300);
      assert.deepEqual([await of(look), await rowsOf(look)], few);
      assert.equal((await look()).ok, 320);
    });
  });
}
