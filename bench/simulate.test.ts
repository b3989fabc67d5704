import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { bench } from './simulate.ts';

const run = async (words: string, say: (line: string) => void = () => undefined) =>
  (await bench.run(words.split(' '), say)).figures;

test('a deployment that breaks hosts fails, and its record replays', async () => {
  const figures = await run('--hosts 40 --breaks 0.9 --seed 2');
  assert.deepEqual([figures['failed'], figures['replayDiffers']], [true, false]);
  assert.ok(Number(figures['hostsExposed']) < 40);
});

test('a canary goes back; its record is kept, and says the first difference', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-simulate-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'record');
  const lived =
    '--sites 2 --joins 0.2 --leaves 0.2 --relabels 0.2 --crashes-per-day 48 --latency lognormal:20:1.5';
  const figures = await run(
    `--strategy canary --hosts 200 --steps 10% --breaks 0.9 ${lived} --record ${file}`,
  );
  assert.deepEqual([figures['failed'], figures['hostsNotBack'], figures['replayDiffers']], [true, 0, false]);
  assert.deepEqual(await run(`--replay ${file}`), { looks: figures['looks'], replayDiffers: false });
  writeFileSync(file, readFileSync(file, 'utf8').replace('"kind":"admit"', '"kind":"hold"'));
  const said: string[] = [];
  assert.equal((await run(`--replay ${file}`, (line) => void said.push(line)))['replayDiffers'], true);
  assert.match(said[0] ?? '', /^The replay differs at look \d+: recorded was /);
});

test('a change through a tree at measured costs, compared with what a fleet took', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-simulate-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const costs = join(import.meta.dirname, 'simulate', 'costs.json');
  const tree = `--costs ${costs} --relays 8 --depth 3 --hosts 1000`;
  const figures = await run(tree);
  assert.ok(Number(figures['secondsTo100']) >= Number(figures['secondsTo50']));
  assert.ok(Number(figures['rootEgressBytes']) >= 3 * 1_000_000);
  const fleet = join(folder, 'fleet');
  const measured = { secondsTo100: Number(figures['secondsTo100']) / 2, rootCpuSeconds: 'none' };
  writeFileSync(fleet, `machine: one\n${JSON.stringify({ bench: 'fleet', figures: measured })}\n`);
  const compared = await run(`${tree} --against ${fleet}`);
  assert.equal(compared['secondsTo100Factor'], 2);
  assert.equal(compared['rootCpuSecondsFactor'], undefined);
  writeFileSync(fleet, 'other lines');
  const refused = [`${tree} --against ${fleet}`, `${tree} --relays 0`, `--costs ${fleet}`, '--costs none'];
  for (const words of refused) await assert.rejects(run(words), { code: 'E_INPUT' }, words);
});

test('what is no number, no share and no span is refused', async () => {
  for (const words of [
    '--hosts many',
    '--breaks 5',
    '--max-unavailable 0',
    '--days 0',
    '--strategy other',
    '--strategy canary --steps 1,x',
    '--latency long',
    '--update lognormal:5',
  ])
    await assert.rejects(run(words), { code: 'E_INPUT' });
});
