import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pathTest } from './path-test.ts';

const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['*.log', ['a.log', 'b/c/a.log', 'x.log/inside'], ['a.logs', 'alog']],
  ['.git', ['.git', '.git/config', 'sub/.git/x'], ['.github', 'x.git']],
  ['dist/**', ['dist/a', 'dist/a/b'], ['dist', 'other/dist/a']],
  ['**/test/*.js', ['test/a.js', 'a/b/test/c.js'], ['test/a/b.js', 'tests/a.js']],
  ['/build', ['build', 'build/x'], ['a/build']],
  ['./xylem.yaml', ['xylem.yaml'], ['a/xylem.yaml']],
  ['a?c(1)', ['abc(1)', 'x/a-c(1)'], ['ac(1)', 'a/c(1)']],
];
for (const [pattern, fits, others] of cases) {
  it(`${pattern} fits ${fits.join(', ')}, not ${others.join(', ')}`, () => {
    const test = pathTest([pattern]);
    assert.deepEqual([fits.map(test), others.map(test)], [fits.map(() => true), others.map(() => false)]);
  });
}
