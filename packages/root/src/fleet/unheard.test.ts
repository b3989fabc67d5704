import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { EnvironmentId } from '@xylem/core';
import { cleanup, postgres, removeLater, tempFolder } from '@xylem/testkit';
import fc from 'fast-check';
import { openDatabase } from '../db/open.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, type EnvironmentRow, refOf } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import { viewsOf } from '../hosts/views.ts';
import { takeReports } from '../ingest/take-reports.ts';
import type { Root } from '../root.ts';
import { countedStatements } from '../testing/counted-statements.ts';
import { insertRowHosts, type RowHost, reportOfRow, rowHosts } from '../testing/row-hosts.ts';
import { placedNode, unheardAmong } from './placed.ts';
import { unheardIn } from './unheard.ts';

const own = cleanup();
after(() => own.run());

const ids = ['a', 'b'].map((one) => one.repeat(32) as EnvironmentId);
const silentMs = 1_000_000;
const heardMs = 50_000_000;

/** One host of a tree; null: below the root server. */
interface Node {
  readonly parent: number | null;
  readonly names: 'host' | 'url';
  readonly is: 'heard' | 'silent' | 'never' | 'retired';
  readonly environment: number;
}

const urlOf = (index: number): string => `https://relay-${index}:8442`;

async function plant(db: Database, nodes: readonly Node[]): Promise<void> {
  for (const table of ['reports', 'host_states', 'hosts'] as const) await db.deleteFrom(table).execute();
  const made = nodes.map(({ environment }) => rowHosts('host', ids[environment] as EnvironmentId, 1)[0]);
  const hosts = made.map((host, index) => ({ ...host, name: `host-${index}` })) as RowHost[];
  await insertRowHosts(db, hosts, 1);
  for (const is of ['silent', 'heard', 'retired'] as const) {
    const reports = nodes.flatMap((node, index) => {
      const { parent } = node;
      const [host, above] = [hosts[index], parent === null ? undefined : hosts[parent]];
      if (node.is !== is || host === undefined) return [];
      const at = {
        url: parent === null ? 'https://root:8442' : urlOf(parent),
        host: node.names === 'host' ? (above?.id ?? null) : null,
      };
      return [reportOfRow(host, [], { parent: at, serves: { url: urlOf(index), children: [] } })];
    });
    if (reports.length > 0) await takeReports(db, reports, is === 'silent' ? silentMs : heardMs);
  }
  const retired = hosts.filter((_, index) => nodes[index]?.is === 'retired').map(({ id }) => id);
  await db
    .updateTable('hosts')
    .set({ retired: 1 })
    .where('id', 'in', [...retired, ''])
    .execute();
}

const seen = (db: Database): Pick<Root, 'db' | 'clock' | 'directing'> => ({
  db,
  clock: { now: () => heardMs } as Root['clock'],
  directing: { state: () => null, entry: () => undefined } as unknown as Root['directing'],
});

const environmentsOf = async (db: Database, some: readonly string[]): Promise<EnvironmentRow[]> =>
  (await allEnvironments(db)).filter(({ id }) => some.includes(id));

/** From every host's place. */
async function fromAll(root: ReturnType<typeof seen>, rows: readonly EnvironmentRow[]) {
  const names = new Map(rows.map((row) => [row.id, refOf(row).name]));
  const views = await viewsOf(root, await hostsIn(root.db, [...names.keys()]));
  return unheardAmong(views.map((view) => placedNode(view, names.get(view.host.environment) ?? '')));
}

async function opened(kind: string): Promise<Database | string> {
  const server = kind === 'postgres' ? await postgres(own) : null;
  if (server !== null && 'skip' in server) return server.skip;
  const db = await openDatabase(
    server === null
      ? { kind: 'sqlite', file: join(await tempFolder(own, 'db'), 'root.db') }
      : { kind: 'postgres', url: await server.createDatabase('unheard') },
  );
  removeLater(own, () => db.destroy());
  await db.insertInto('tenants').values({ tenant: 'acme', created_ms: 1 }).execute();
  for (const id of ids)
    await db
      .insertInto('environments')
      .values({ id, tenant: 'acme', environment: id.slice(0, 1), yaml: '', yaml_version: 1, created_ms: 1 })
      .execute();
  return db;
}

const node = fc.record<Node>({
  parent: fc.option(fc.nat(9)),
  names: fc.constantFrom('host', 'url'),
  is: fc.constantFrom('heard', 'silent', 'silent', 'never', 'retired'),
  environment: fc.constantFrom(0, 0, 0, 1),
});

/** Below an earlier one each: what is said of those that go in a circle depends on where one begins. */
const trees = fc.array(node, { minLength: 2, maxLength: 10 }).map((nodes) =>
  nodes.map(
    ({ parent, ...one }, at): Node => ({
      ...one,
      parent: parent === null || at === 0 ? null : parent % at,
    }),
  ),
);

for (const kind of ['sqlite', 'postgres']) {
  describe(`the silent parts of the tree: ${kind}`, () => {
    test('are those that all places together say', async (t) => {
      const db = await opened(kind);
      if (typeof db === 'string') return t.skip(db);
      const root = seen(db);
      const lengths = new Set<number>();
      const check = async (nodes: readonly Node[]): Promise<void> => {
        await plant(db, nodes);
        for (const some of [ids, ids.slice(0, 1)]) {
          const found = await unheardIn(root, await environmentsOf(db, some));
          const expected = await fromAll(root, await environmentsOf(db, some));
          assert.deepEqual(found, expected);
          lengths.add(found.length);
        }
      };
      const line = (...all: readonly [Node['is'], number | null][]) =>
        check(all.map(([is, parent]) => ({ is, parent, names: 'url', environment: 0 })));
      await line(['silent', null], ['silent', 0], ['silent', 1], ['heard', null]);
      await line(['silent', null], ['silent', 0], ['heard', 1], ['silent', 0]);
      await line(
        ['heard', null],
        ['silent', 0],
        ['silent', 0],
        ['silent', 2],
        ['heard', null],
        ['silent', 4],
        ['silent', 4],
      );
      await line(['heard', null], ['silent', 0], ['never', 0], ['retired', 0]);
      await line(['silent', 1], ['silent', 0]);
      assert.deepEqual(lengths, new Set([1, 0, 2]));
      await fc.assert(fc.asyncProperty(trees, check), {
        numRuns: kind === 'sqlite' ? 40 : 8,
      });
    });
  });
}

test('however many hosts are heard, as much is read as there are silent ones', async () => {
  const db = await opened('sqlite');
  assert.ok(typeof db !== 'string');
  const { counted, of, rowsOf, reportsOf } = countedStatements(db);
  const rows = await allEnvironments(db);
  const look = () => unheardIn(seen(counted), rows);
  const grown = async (heard: number) => {
    const below = (parent: number, is: Node['is']): Node => ({ parent, is, names: 'host', environment: 0 });
    const relays = [0, 1].map((): Node => ({ parent: null, is: 'heard', names: 'host', environment: 0 }));
    const silent = [below(0, 'silent'), below(1, 'silent'), below(1, 'silent')];
    await plant(db, [...relays, ...silent, ...Array.from({ length: heard }, () => below(0, 'heard'))]);
    return { statements: await of(look), rows: await rowsOf(look), reports: (await reportsOf(look)).all };
  };
  const few = await grown(20);
  assert.deepEqual(await grown(700), few);
  assert.equal(few.reports, 0);
  assert.deepEqual(
    (await look()).map(({ relay, hosts }) => [relay.name, hosts]),
    [['host-1', 2]],
  );
});
