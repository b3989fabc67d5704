import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chunk, sha256, type TreeFile } from '@xylem/core';
import { Bases } from './bases.ts';

const file = (path: string, content: string, sizeBytes = 1_000, chunks?: readonly Chunk[]): TreeFile => ({
  type: 'file',
  path,
  sizeBytes,
  digest: sha256(content),
  executable: false,
  chunks: chunks ?? [[sha256(content), sizeBytes]],
});

/** What a changed file of the new tree is made from. */
const baseOf = (
  path: string,
  old: readonly TreeFile[],
  beside: readonly TreeFile[] = [],
  sizeBytes = 1_000,
) => {
  const changed = file(path, `changed ${path}`, sizeBytes);
  return new Bases(old, [...beside, changed]).of(changed)?.path ?? null;
};

test('numbers and digests in paths count for nothing, nor does how many parts a version has', () => {
  const old = [
    file('lib/libfoo.so.1.2', 'foo'),
    file('app-1.2/main.js', 'main'),
    file('js/4bd1b696-a.js', 'a'),
  ];
  assert.equal(baseOf('lib/libfoo.so.1.2.1', old), 'lib/libfoo.so.1.2');
  assert.equal(baseOf('app-2.0.0/main.js', old), 'app-1.2/main.js');
  assert.equal(baseOf('js/f785427d-a.js', old), 'js/4bd1b696-a.js');
  const many = [
    file('js/1-aaaaaa.js', 'x', 9_000),
    file('js/2-bbbbbb.js', 'y', 1_100),
    file('js/3-cccccc.js', 'z', 50),
  ];
  assert.equal(baseOf('js/7-dddddd.js', many), 'js/2-bbbbbb.js', 'of several the one of about its length');
});

test('a renamed folder is found by what in it stayed as it was', () => {
  const old = [
    file('quick/lib/same.js', 'same'),
    file('quick/lib/index.js', 'index', 50_000),
    file('other/lib/index.js', 'of another', 1_000),
    file('top.js', 'top', 9_000),
  ];
  const beside = [file('agile/lib/same.js', 'same')];
  assert.equal(baseOf('agile/lib/index.js', old, beside), 'quick/lib/index.js', 'though another is as long');
  assert.equal(baseOf('agile/lib/new.css', old, beside), null);
});

test('what went a folder down or up is found, and a folder below a renamed one', () => {
  const old = [
    file('a/same', '1'),
    file('a/b/same', '2'),
    file('a/b/c/x', 'x', 9_000),
    file('a/y', 'y', 9_000),
  ];
  assert.equal(baseOf('dist/a/y', old, [file('dist/a/same', '1')]), 'a/y');
  assert.equal(baseOf('b/c/x', old, [file('b/same', '2')]), 'a/b/c/x');
});

test('contents that many files have say nothing of where a folder was', () => {
  const old = [file('one/LICENSE', 'mit'), file('two/LICENSE', 'mit'), file('two/index', 'i', 90_000)];
  assert.equal(baseOf('new/index', old, [file('new/LICENSE', 'mit')]), null);
});

test('else the chunks that both have, and then the same name at about the same length decide', () => {
  const shared: Chunk = [sha256('shared'), 500];
  const old = [
    file('a/data', 'data', 1_000, [shared, [sha256('rest'), 500]]),
    file('x/main.js', 'short', 1_000),
    file('y/main.js', 'long', 40_000),
  ];
  const changed = file('b/blob', 'blob', 800, [shared, [sha256('more'), 300]]);
  assert.equal(new Bases(old, [changed]).of(changed)?.path, 'a/data');
  assert.equal(baseOf('z/main.js', old, [], 35_000), 'y/main.js');
  assert.equal(baseOf('z/main.js', old, [], 900), 'x/main.js');
  assert.equal(baseOf('z/main.js', old, [], 900_000), null);
});
