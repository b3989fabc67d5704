import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { faultyDiskEnvironment, run, tempFolder } from '@xylem/testkit';

const main = fileURLToPath(new URL('disk-main.ts', import.meta.url));
/** Of the points of each scenario; XYLEM_DISK_POINTS=1000 takes all. */
const most = process.env.XYLEM_DISK_POINTS ?? '2';
const seed = process.env.XYLEM_DISK_SEED ?? '1';

test('a disk without room for bytes or files, whose syncs fail, or that became read-only, at any call', {
  timeout: 900_000,
}, async (t) => {
  const faulty = await faultyDiskEnvironment(await tempFolder(t, 'faults'));
  if ('skip' in faulty) return t.skip(faulty.skip);
  const env = { ...process.env, ...faulty, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await run(process.execPath, [main, most, seed], { env, timeoutMs: 900_000 });
  for (const [, said] of stdout.matchAll(/^ℹ (.*(?:points|failed in).*)$/gm)) t.diagnostic(said ?? '');
});
