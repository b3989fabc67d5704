import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Digest } from '../ids.ts';
import {
  compareTreePaths,
  emptyDigest,
  encodeTree,
  foldName,
  linkFault,
  parseTree,
  type TreeEntry,
  TreeReader,
  treeLine,
  treePathFault,
} from './index.ts';

const digestOf = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;
const file = (path: string, sizeBytes = 5): TreeEntry => ({
  type: 'file',
  path,
  sizeBytes,
  digest: sizeBytes === 0 ? emptyDigest : digestOf(path),
  executable: false,
  chunks: sizeBytes === 0 ? [] : [[digestOf(path), sizeBytes]],
});
const link = (path: string, target: string): TreeEntry => ({ type: 'link', path, target });
const text = (...lines: string[]): Uint8Array =>
  new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
const header = '{"format":"xylem-tree-1"}';
const code = (entries: TreeEntry[]): string | undefined => {
  try {
    encodeTree(entries);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('a tree of every kind of entry has these bytes', () => {
  const big: TreeEntry = {
    type: 'file',
    path: 'bin/serve',
    sizeBytes: 100_000,
    digest: digestOf('serve'),
    executable: true,
    chunks: [
      [digestOf('1'), 60_000],
      [digestOf('2'), 40_000],
    ],
  };
  const entries: TreeEntry[] = [
    big,
    { type: 'folder', path: 'cache' },
    file('empty', 0),
    link('latest', 'bin/serve'),
    file('ä.txt'),
  ];
  const bytes = encodeTree(entries);
  assert.equal(
    new TextDecoder().decode(bytes),
    [
      header,
      `{"c":[["${digestOf('1')}",60000],["${digestOf('2')}",40000]],"d":"${digestOf('serve')}","p":"bin/serve","s":100000,"x":true}`,
      '{"p":"cache","t":"d"}',
      `{"d":"${emptyDigest}","p":"empty","s":0}`,
      '{"l":"bin/serve","p":"latest","t":"l"}',
      `{"d":"${digestOf('ä.txt')}","p":"ä.txt","s":5}`,
      '',
    ].join('\n'),
  );
  assert.deepEqual(parseTree(bytes), entries);
});

const segment = fc.oneof(
  fc.constantFrom('a', 'b', 'a.txt', 'a-b', 'Z', 'ä', '😀', '\ufb33'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));

test('what is written is read again, whole and in any pieces', () => {
  let kept = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 50 })),
      (paths, cuts) => {
        const entries = paths
          .toSorted(compareTreePaths)
          .map((one, i) => (i % 5 === 0 ? file(one, 0) : file(one)));
        if (code(entries) !== undefined) return;
        kept += entries.length > 2 ? 1 : 0;
        const bytes = encodeTree(entries);
        assert.deepEqual(parseTree(bytes), entries);
        const reader = new TreeReader();
        const read: TreeEntry[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          read.push(...reader.push(bytes.subarray(at, at + cut)));
          at += cut;
        }
        reader.end();
        assert.deepEqual(read, entries);
      },
    ),
    { numRuns: 500 },
  );
  assert.ok(kept > 30, 'the generator makes too few valid trees');
});

test('paths are in the order of their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareTreePaths(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('paths that could leave the folder or confuse a file system are refused', () => {
  for (const bad of [
    '',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/./b',
    './a',
    'a//b',
    'a/',
    'a\0b',
    'a\nb',
    'a\u0085b',
    '\ud800',
    'ä'.repeat(128),
    'x'.repeat(256),
    `${'a/'.repeat(2048)}b`,
  ]) {
    assert.notEqual(treePathFault(bad), undefined, JSON.stringify(bad.slice(0, 20)));
    assert.equal(code([file(bad)]), 'E_TREE_PATH');
  }
  for (const good of [
    'a',
    '...',
    '..a',
    'a\\b',
    'C:',
    ' ',
    'ä'.repeat(127),
    'x'.repeat(255),
    'node_modules/.bin/x',
  ]) {
    assert.equal(treePathFault(good), undefined, good);
  }
});

test('names that look alike are shown by their code points', () => {
  const entries = [file('e\u0301'), file('\u00e9')];
  assert.throws(() => encodeTree(entries), {
    code: 'E_TREE_NAME_CLASH',
    message: /"\\u00e9" and "e\\u0301" differ only in case or Unicode form/,
  });
});

test('names that would be one file somewhere are refused, in files and in folders on the way', () => {
  assert.equal(code([file('README'), file('readme')]), 'E_TREE_NAME_CLASH');
  assert.equal(code([file('Lib/a'), file('lib/b')]), 'E_TREE_NAME_CLASH');
  assert.equal(code([file('straSSe'), file('straße')]), 'E_TREE_NAME_CLASH');
  assert.equal(
    code([file('a\u0308'), file('\u00e4')].toSorted((a, b) => compareTreePaths(a.path, b.path))),
    'E_TREE_NAME_CLASH',
  );
  assert.equal(code([file('a'), file('a.txt'), file('a/b')]), 'E_TREE_NAME_CLASH');
  assert.equal(code([link('a', 'c'), file('a/b')]), 'E_TREE_NAME_CLASH');
  assert.equal(code([{ type: 'folder', path: 'a' }, file('a/b')]), 'E_TREE_NAME_CLASH');
  assert.equal(code([file('a/X'), file('b/x'), file('x/a'), file('x/b/a')]), undefined);
  assert.equal(foldName('ΑΣ'), foldName('ας'));
});

test('the order, once each, is required', () => {
  assert.equal(code([file('b'), file('a')]), 'E_TREE_INVALID');
  assert.equal(code([file('a'), file('a')]), 'E_TREE_INVALID');
  assert.equal(code([file('a/b'), file('a.txt')]), 'E_TREE_INVALID');
});

test('links stay in the tree when resolved through other links', () => {
  assert.equal(code([file('a/b/c'), link('a/b/up', '..'), link('l', 'a/b/up/b')]), undefined);
  assert.equal(code([file('a/b/c'), link('a/b/up', '..'), link('l', 'a/b/up/../..')]), 'E_TREE_LINK');
  for (const target of ['/etc', '..', 'a/../..', '../x', '', 'a\0'])
    assert.equal(code([link('l', target)]), 'E_TREE_LINK', target);
  for (const target of ['x', './x', 'a/..', 'absent/file', 'a//b/'])
    assert.equal(code([link('l', target)]), undefined, target);
  assert.equal(code([link('x/l', '../y')]), undefined);
  assert.equal(code([link('self', 'self')]), 'E_TREE_LINK');
  assert.equal(code([link('a', 'b/x'), link('b', 'a/y')]), 'E_TREE_LINK');
});

test('no chain of links escapes, as a file system would walk it', () => {
  const target = fc
    .array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/'));
  const place = fc.constantFrom('a', 'b', 'a/b', 'a/c', 'b/c', 'c/a/b', 'c');
  fc.assert(
    fc.property(fc.dictionary(place, target), (links) => {
      const targets = new Map(Object.entries(links));
      const sound = [...targets].every(([at, to]) => linkFault(at, to, targets) === undefined);
      if (!sound) return;
      // An independent walk: recursive, as a kernel resolves.
      const walk = (from: readonly string[], steps: readonly string[]): readonly string[] => {
        let at = from;
        for (const step of steps) {
          if (step === '.') continue;
          if (step === '..') {
            assert.ok(at.length > 0, 'left the tree');
            at = at.slice(0, -1);
            continue;
          }
          const next = targets.get([...at, step].join('/'));
          at = next === undefined ? [...at, step] : walk(at, next.split('/'));
        }
        return at;
      };
      for (const [at, to] of targets) walk(at.split('/').slice(0, -1), to.split('/'));
    }),
    { numRuns: 1000 },
  );
});

test('damaged text is refused with a code', () => {
  const one = treeLine(file('a'));
  for (const [bytes, expected] of [
    [text(), 'E_TREE_INVALID'],
    [text('{"format":"xylem-tree-2"}'), 'E_FORMAT_UNSUPPORTED'],
    [text('{"format":"xylem-pack-1"}'), 'E_TREE_INVALID'],
    [text(one), 'E_TREE_INVALID'],
    [text(header, one).subarray(0, -1), 'E_TREE_INVALID'],
    [text(header, 'null'), 'E_TREE_INVALID'],
    [text(header, ''), 'E_TREE_INVALID'],
    [text(header, one.replace('"s":5', '"s":-1')), 'E_TREE_INVALID'],
    [text(header, one.replace('"s":5', '"s":300000')), 'E_TREE_INVALID'],
    [text(header, one.replace('"s":5', '"s":5,"x":false')), 'E_TREE_INVALID'],
    [text(header, one.replace('"s":5', `"s":5,"c":[["${digestOf('a')}",5]]`)), 'E_TREE_INVALID'],
    [
      text(header, one.replace('"s":5', `"s":5,"c":[["${digestOf('a')}",2],["${digestOf('b')}",2]]`)),
      'E_TREE_INVALID',
    ],
    [text(header, one.replace('"s":5', '"s":5,"t":"dev"')), 'E_TREE_INVALID'],
    [text(header, `{"d":"${digestOf('a')}","p":"a","s":0}`), 'E_TREE_INVALID'],
    [new Uint8Array([...text(header), 0xff, 0x0a]), 'E_TREE_INVALID'],
  ] as const) {
    assert.throws(() => parseTree(bytes), { code: expected }, new TextDecoder().decode(bytes));
  }
  assert.deepEqual(parseTree(text(header)), []);
  assert.equal(
    parseTree(text(header, one.replace('"s":5', '"new":{"k":1},"s":5'))).length,
    1,
    'unknown keys are ignored',
  );
});

test('damage anywhere is refused, never a crash of another kind', () => {
  const bytes = encodeTree([file('a/b'), link('a/l', 'b'), { type: 'folder', path: 'c' }]);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const damaged = bytes.slice();
      damaged[at] = byte;
      try {
        parseTree(damaged);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^E_(TREE|FORMAT)_/);
      }
    }),
    { numRuns: 1000 },
  );
});
