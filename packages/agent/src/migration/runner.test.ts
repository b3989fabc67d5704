import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MigrationOrder } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';
import type { OrderedMigration } from '../direction/wanted.ts';
import { wakeable } from '../run/wake.ts';
import { stateLayout } from '../state/layout.ts';
import { findMarked } from '../supervisor/marked.ts';
import { testPackage, writeTree } from '../testing/packages.ts';
import { temporaryFolder } from '../testing/state-folder.ts';
import { markOf } from './carry-out.ts';
import { migrationRunner } from './runner.ts';

const environment = 'e0'.repeat(16);
/** Says what it was given, and does as its argument says. */
const main = `import { appendFileSync, readFileSync } from 'node:fs';
const input = JSON.parse(readFileSync(0, 'utf8'));
appendFileSync(process.argv[2], JSON.stringify(input) + '\\n');
console.log(JSON.stringify({ checkpoint: 'so far' }));
if (input.config.does === 'hang') setInterval(() => undefined, 1000);
if (input.config.does === 'fail') { console.error('no such column for ' + input.config.password); process.exit(3); }
if (input.config.does === 'fenced') process.exit(76);
`;

/** A runner in this process, whose orders a test changes. */
async function bench(t: TestContext, does: string) {
  const root = await temporaryFolder(t);
  const layout = stateLayout(join(root, 'state'));
  await mkdir(layout.root, { recursive: true });
  const said = join(root, 'said.jsonl');
  await writeFile(said, '');
  const made = testPackage({
    component: 'db',
    version: '1.0.0',
    files: { 'main.mjs': main },
    config: { does },
  });
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
  const program = { command: ['${node}', 'main.mjs', said] };
  const migrations = {
    database: 'shop',
    accepts: { from: 0, to: 1 },
    steps: [{ to: 1, phase: 'expand' as const, ...program, fence: 'idempotent' as const, undo: program }],
  };
  const placed = { ...made, document: { ...made.document, migrations } };
  const order = (term: number): OrderedMigration => ({
    order: {
      database: 'shop',
      term,
      action: 'run',
      to: 1,
      phase: 'expand',
      product: 'shop',
      component: 'db',
      release: made.release,
      package: made.package,
      version: made.version,
    } satisfies MigrationOrder,
    placed,
  });
  let ordered: OrderedMigration[] = [];
  const over = new AbortController();
  const runner = migrationRunner({
    tools: {
      layout,
      node: process.execPath,
      secrets: { open: async () => new Map([['password', 'opened']]) },
      clock: systemClock,
      log: silentLog,
      signal: over.signal,
      fetchTree: ({ into }) => writeTree(into, made.files),
    },
    environment,
    accepted: () => ({ migrations: ordered }),
    looked: wakeable(systemClock),
    retryMs: 100,
    changed: () => undefined,
  });
  const running = runner.run();
  t.after(async () => {
    over.abort();
    await running;
  });
  const place = layout.migration(environment, 'shop');
  return {
    direct: (...orders: OrderedMigration[]) => {
      ordered = orders;
      runner.directionChanged();
    },
    order,
    reported: (state: string, term: number) =>
      waitUntil(
        () => runner.reports().find((one) => one.state === state && one.term === term) ?? null,
        30_000,
        state,
      ),
    inputs: async () =>
      (await readFile(said, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    alive: () => findMarked(markOf(place)),
    log: () => readFile(place.log, 'utf8'),
    stop: async () => {
      over.abort();
      await running;
    },
  };
}

test('a program gets what it needs on its standard input, sealed values opened, and is done once a term', async (t) => {
  const { direct, order, reported, inputs } = await bench(t, 'end');
  direct(order(7));
  const report = await reported('done', 7);
  assert.deepEqual([report.begun, report.attempt, report.checkpoint], [true, 1, 'so far']);
  const [input] = await inputs();
  assert.deepEqual(input, {
    format: 'xylem-migration-1',
    database: 'shop',
    action: 'run',
    term: 7,
    from: 0,
    to: 1,
    phase: 'expand',
    checkpoint: null,
    attempt: 1,
    config: { does: 'end', password: 'opened' },
  });
  direct(order(7), order(7));
  direct(order(8));
  await reported('done', 8);
  assert.deepEqual(
    (await inputs()).map(({ term, checkpoint }) => [term, checkpoint]),
    [
      [7, null],
      [8, 'so far'],
    ],
  );
});

test('what fails says so with the end of its output, and waits for a new term', async (t) => {
  const { direct, order, reported, inputs, log } = await bench(t, 'fail');
  direct(order(1));
  const { code, message } = await reported('failed', 1);
  assert.equal(code, 'E_MIGRATION_FAILED');
  assert.match(message ?? '', /under term 1 ended with 3\. Its output ends: no such column for \(sealed\)$/);
  assert.match(await log(), /no such column/);
  direct(order(1));
  direct(order(2));
  await reported('failed', 2);
  assert.equal((await inputs()).length, 2);
});

test('a program that is fenced is no failure', async (t) => {
  const { direct, order, reported } = await bench(t, 'fenced');
  direct(order(1));
  assert.equal((await reported('fenced', 1)).code, 'E_MIGRATION_FENCED');
});

test('a higher term, another runner and the end of the agent kill the program first', async (t) => {
  const { direct, order, reported, alive, inputs, stop } = await bench(t, 'hang');
  const runs = async (term: number): Promise<number> => {
    await reported('running', term);
    return await waitUntil(
      async () =>
        (await inputs().catch(() => [])).some((one) => one.term === term) ? (alive()[0]?.pid ?? null) : null,
      30_000,
      `the program of term ${term} runs`,
    );
  };
  direct(order(1));
  const first = await runs(1);
  direct(order(2));
  const second = await runs(2);
  assert.notEqual(first, second);
  assert.deepEqual(
    alive().map(({ pid }) => pid),
    [second],
  );
  direct();
  await waitUntil(() => alive().length === 0 || null, 30_000, 'the program is gone');
  direct(order(3));
  await runs(3);
  await stop();
  assert.equal(alive().length, 0);
});

test('an order that cannot be had is reported as failed, and nothing is begun', async (t) => {
  const { direct, order, reported } = await bench(t, 'end');
  const fault = { code: 'E_NOT_VOUCHED' as const, message: 'Nobody vouches for it.' };
  direct({ order: order(1).order, fault });
  const report = await reported('failed', 1);
  assert.deepEqual([report.code, report.begun], ['E_NOT_VOUCHED', false]);
});
