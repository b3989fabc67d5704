import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { program, tempFolder, xylemEntry } from '@xylem/testkit';
import { whileOvertaken } from './contention.ts';

/** Real processes at once: 20 is the promise (`XYLEM_TEST_PUBLISHERS=20`), fewer show the same in less time. */
const publishers = Number(process.env.XYLEM_TEST_PUBLISHERS ?? 6);
const versions = Array.from({ length: publishers }, (_, n) => `1.0.${n}`);

test('many who publish at once all succeed, and nothing is lost or made twice', {
  timeout: 600_000,
}, async (t) => {
  const folder = await tempFolder(t, 'publishers');
  const at = (...names: string[]): string => join(folder, ...names);
  const xylem = program({
    entry: xylemEntry,
    home: at('home'),
    logs: at('logs'),
  });
  t.after(() => xylem.stop());
  const command = async <T>(...words: string[]): Promise<T> => (await xylem.command(words)) as T;
  const publish = async (product: string, version: string): Promise<{ package: string }> => {
    const made = at(`${product}-${version}`);
    mkdirSync(join(made, 'tree'), { recursive: true });
    writeFileSync(join(made, 'tree', 'page'), `${product} ${version}`);
    const manifest = `product: ${product}\ncomponent: ${product}-web\nversion: ${version}\nfolder: tree\n`;
    writeFileSync(join(made, 'xylem.yaml'), manifest);
    return command('package', 'publish', made);
  };
  const release = (product: string, version: string): Promise<{ release: string; created: boolean }> =>
    command('release', 'create', `${product}@${version}`, '--with', `${product}-web@${version}`);

  const { operatorToken } = await command<{ operatorToken: string }>('root', 'init', '--state', at('root'));
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const ready = await xylem.start('root', ['root', 'run', '--state', at('root'), ...listen]);
  await command('login', (ready as { apiUrl: string }).apiUrl, '--token', operatorToken);

  // The first publications of products, one of them new to all: each is created once.
  const startedMs = performance.now();
  await Promise.all([
    ...versions.map((version) => publish('shop', version)),
    ...versions.slice(0, 3).map((_, n) => publish(`other-${n}`, '1.0.0')),
  ]);
  const publishedMs = performance.now();
  await Promise.all([
    ...versions.map((version) => release('shop', version)),
    ...versions.slice(0, 3).map((_, n) => release(`other-${n}`, '1.0.0')),
  ]);
  const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
  t.diagnostic(
    `${publishers} publishers of one product and 3 of others: packages ${seconds(startedMs, publishedMs)} s, releases ${seconds(publishedMs, performance.now())} s`,
  );
  const listed = await command<{ releases: { version: string; release: string }[] }>(
    'release',
    'list',
    'shop',
  );
  assert.deepEqual(listed.releases.map((one) => one.version).toSorted(), versions.toSorted());
  const { products } = await command<{ products: { product: string }[] }>('product', 'list');
  assert.equal(products.length, 4);

  // The same release by all at once: one makes it, the others find it.
  await publish('shop', '2.0.0');
  const made = await Promise.all(versions.map(() => release('shop', '2.0.0')));
  assert.equal(made.filter(({ created }) => created).length, 1);
  assert.equal(new Set(made.map((one) => one.release)).size, 1);

  const { entries } = await command<{ entries: { what: string }[] }>('audit', 'list', '--limit', '1000');
  const count = (what: string): number => entries.filter((one) => one.what === what).length;
  assert.equal(count('release.create'), publishers + 4);
  assert.equal(count('package.publish'), publishers + 4);
  assert.equal(count('product.create'), 4);
});

test('only being overtaken is tried again', async () => {
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    sleep: async (ms: number) => {
      pauses.push(ms);
    },
  };
  const ports = { clock, randomness: { bytes: () => Buffer.alloc(0), fraction: () => 1 } };
  let left = 8;
  const overtaken = new XylemError('E_CONFLICT', 'overtaken', { details: { baseVersion: 1, version: 2 } });
  const won = await whileOvertaken(ports, async () => {
    left -= 1;
    if (left > 0) throw overtaken;
    return 'mine';
  });
  assert.equal(won, 'mine');
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1600, 2000]);
  const exists = new XylemError('E_CONFLICT', 'exists');
  await assert.rejects(
    whileOvertaken(ports, () => Promise.reject(exists)),
    exists,
  );
  assert.equal(pauses.length, 7);
});
