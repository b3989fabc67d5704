import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepOnce } from './kept-once.ts';

test('of a large file that several hosts have in the same tree one is kept, also after the first host removed it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-kept-once-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const large = Buffer.alloc(100_000, 'x');
  const treeOf = (host: string, digest: string): string => {
    const tree = join(folder, host, digest);
    mkdirSync(join(tree, 'sub'), { recursive: true });
    writeFileSync(join(tree, 'small'), 'x');
    writeFileSync(join(tree, 'sub', 'large'), large);
    keepOnce(tree);
    return tree;
  };
  const inode = (tree: string, name = 'sub/large'): number => statSync(join(tree, name)).ino;
  const [a, b, other] = [treeOf('a', 'one'), treeOf('b', 'one'), treeOf('a', 'two')];
  assert.equal(inode(a), inode(b));
  assert.notEqual(inode(a), inode(other), 'another tree is something else');
  assert.notEqual(inode(a, 'small'), inode(b, 'small'));
  rmSync(a, { recursive: true });
  const [c, d] = [treeOf('c', 'one'), treeOf('d', 'one')];
  assert.equal(inode(c), inode(d));
  assert.deepEqual(readFileSync(join(d, 'sub', 'large')), large);
});
