// Clock, randomness, HTTP and file writing are passed in; only adapters touch the real ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ambientUses } from './ambient.ts';
import { isTest, readText, sourceFiles } from './workspace.ts';

/** Adapters outside packages/platform and the adapters/ folders, each with its reason. Keep it short. */
const adapters: Record<string, string> = {
  'packages/agent/src/supervisor/limit-group.ts':
    "a control group's files are orders to the kernel: nothing to replace whole, nothing to sync",
};

function isAdapter(path: string): boolean {
  return (
    isTest(path) ||
    /^packages\/(platform|testkit)\//.test(path) ||
    /^packages\/[^/]+\/src\/adapters\//.test(path) ||
    path in adapters
  );
}

test('no ambient clock, randomness, fetch or writeFile outside adapters', async () => {
  const found: string[] = [];
  for (const path of sourceFiles().filter((file) => !isAdapter(file))) {
    const uses = await ambientUses(readText(path), path.endsWith('x') ? 'tsx' : 'ts');
    found.push(...uses.map((use) => `${path}:${use}`));
  }
  assert.deepEqual(found, [], `pass these in instead (packages/platform has them):\n${found.join('\n')}\n`);
});

test('every adapter that is named exists', () => {
  const files = new Set(sourceFiles());
  assert.deepEqual(
    Object.keys(adapters).filter((path) => !files.has(path)),
    [],
  );
});

test('ambient uses are found', async () => {
  const source = `
import { readFile, writeFile as save } from 'node:fs/promises';
import * as fs from 'node:fs';
import type { Stats } from 'node:fs';
const now = Date.now;
const then: number = +new Date();
const random = Math.random() + now() + then;
export const get = async (stats: Stats) => [await fetch('x'), globalThis.fetch, random, stats];
export const put = () => [save('a', 'b'), fs.writeFileSync('c', 'd'), fs.promises.writeFile('e', 'f'), readFile('a')];
`;
  assert.deepEqual((await ambientUses(source)).sort(), [
    '2: fs.writeFile',
    '5: Date.now',
    '6: new Date()',
    '7: Math.random',
    '8: fetch',
    '8: fetch',
    '9: fs.writeFile',
    '9: fs.writeFile',
  ]);
});

test('what is passed in, and mere mentions, are not ambient uses', async () => {
  const source = `
import type { writeFile } from 'node:fs/promises';
interface Ports { now(): number; fetch: typeof globalThis.fetch; write: typeof writeFile }
// Date.now() and Math.random() are passed in.
export const run = async ({ now, fetch, write }: Ports) => [new Date(now()), Date.parse('2026'), await fetch('x'), write];
export const method = (files: { writeFile(path: string): void }) => files.writeFile('Date.now()');
`;
  assert.deepEqual(await ambientUses(source), []);
});
