// One idea a file: a long one is a sign of two.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glob, isTest, readText, sourceFiles } from './workspace.ts';

const warnLines = 400;
const failLines = 500;

test(`no source file is longer than ${failLines} lines`, (t) => {
  const files = [...sourceFiles(), ...glob('{bench,demo,tools}/**/*.ts')].filter((path) => !isTest(path));
  const long = files
    .map((path) => ({ path, lines: readText(path).split('\n').length - 1 }))
    .filter(({ lines }) => lines > warnLines);
  for (const { path, lines } of long)
    t.diagnostic(`${path} has ${lines} lines: does it still hold one idea?`);
  assert.deepEqual(
    long.filter(({ lines }) => lines > failLines),
    [],
  );
});
