import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startRoot } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

interface Published {
  readonly sentBytes: number;
  readonly files: number;
  readonly variants: readonly { readonly tree: string }[];
}

test('many files are published by threads of their own, and the next version sends what differs, with and without what is remembered', {
  timeout: 120_000,
}, async (t) => {
  const { at, xylem, folder } = await operatorHere(t, 'publish-many');
  await startRoot(xylem, at('root'), 'acme');
  mkdirSync(at('tree'));
  for (let i = 0; i < 600; i += 1) writeFileSync(at('tree', `f${i}`), `file ${i}\n`.repeat(100 + i));
  const publish = async (version: string) => {
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`);
    return (await xylem.command(['package', 'publish', folder])) as Published;
  };
  const tree = ({ variants }: Published): string | undefined => variants[0]?.tree;
  const first = await publish('1.0.0');
  assert.equal(first.files, 600);
  const second = await publish('1.1.0');
  assert.deepEqual([second.sentBytes, tree(second)], [0, tree(first)]);
  writeFileSync(at('tree', 'f300'), 'FILE 300\n'.repeat(400));
  const third = await publish('1.2.0');
  // What differs, and the tree's own text.
  assert.ok(third.sentBytes > 0 && third.sentBytes < 60_000, `${third.sentBytes}`);
  rmSync(at('home', 'published'), { recursive: true });
  const fourth = await publish('1.3.0');
  assert.deepEqual([fourth.sentBytes, tree(fourth)], [0, tree(third)]);
});
