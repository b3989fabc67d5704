// Every error code is explained to the user, and every explanation is of a code that exists.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkout, exists, readText } from './workspace.ts';

const tablePath = 'packages/core/src/error-codes/index.ts';
const docsPath = 'docs/errors.md';

/** Codes that the shell scripts print before there is a program: their messages may do without the page. */
function shellCodes(): string[] {
  return [
    ...`${readText('tools/bootstrap.sh')}${readText('bin/xylem')}`.matchAll(/\bxylem_fail ([A-Z_]+)/g),
  ].map(([, code = '']) => code);
}

/** A code is explained where it is a heading, or a table's first cell: `code` in backquotes. */
function documentedCodes(markdown: string): string[] {
  return [...markdown.matchAll(/^(?:#{2,6}\s+|\|\s*)`([^`\s]+)`/gm)].map(([, code = '']) => code);
}

test('docs/errors.md explains every error code, and nothing else', {
  skip: !exists(tablePath) && 'no table yet',
}, async () => {
  const module = (await import(pathToFileURL(join(checkout, tablePath)).href)) as { errorCodes: object };
  const known = Object.keys(module.errorCodes);
  assert.ok(exists(docsPath), `${docsPath} does not exist`);
  const ofShell = new Set(shellCodes());
  const documented = new Set(documentedCodes(readText(docsPath)).filter((code) => !ofShell.has(code)));
  assert.deepEqual([...documented].sort(), known.sort());
});

test('codes are read from headings and tables', () => {
  assert.deepEqual(documentedCodes('# Errors\n## `a-b`\n| `c.d` | why `not-me` |\ntext `nor-me`\n'), [
    'a-b',
    'c.d',
  ]);
});
