import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonLog, systemClock } from '@xylem/platform';
import type { OrderedMigration } from '../direction/wanted.ts';
import { migrationRunner } from '../migration/runner.ts';
import { wakeable } from '../run/wake.ts';
import { stateLayout } from '../state/layout.ts';

/** A runner of migrations as a process of its own: state folder, and a file that says what is ordered of it. */
const [stateFolder = '', orderedPath = ''] = process.argv.slice(2);
const given = JSON.parse(await readFile(orderedPath, 'utf8')) as {
  fixtures: string;
  migrations: OrderedMigration[];
};
const over = new AbortController();
const runner = migrationRunner({
  tools: {
    layout: stateLayout(stateFolder),
    node: process.execPath,
    secrets: { open: async () => new Map<string, string>() },
    clock: systemClock,
    log: jsonLog(process.stderr, systemClock),
    signal: over.signal,
    fetchTree: async ({ tree, into }) => {
      await cp(join(given.fixtures, tree), `${into}.part`, { recursive: true });
      await rename(`${into}.part`, into);
    },
  },
  environment: 'e0'.repeat(16),
  accepted: () => given,
  looked: wakeable(systemClock),
  retryMs: 200,
  changed: () => {
    for (const { state, checkpoint, term } of runner.reports()) {
      if (given.migrations.every(({ order }) => order.term !== term)) continue;
      process.stdout.write(`${JSON.stringify({ state, checkpoint })}\n`);
      if (state === 'done' || state === 'failed' || state === 'fenced') over.abort();
    }
  },
});
await runner.run();
