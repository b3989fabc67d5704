import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorCodeParts, errorCodes, exitCodes } from './error-codes/index.ts';
import { isErrorCode, XylemError } from './errors.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `E_'))
  .map((line) => line.slice(2, -2).split(' | '));

test('the table of codes and docs/errors.md say the same, both ways', () => {
  const documented = Object.fromEntries(
    rows.map(([code = '', meaning, advice, retry, exitCode]) => [
      code.replaceAll('`', ''),
      { meaning, advice, retry, exitCode: Number(exitCode) },
    ]),
  );
  assert.deepEqual(documented, { ...errorCodes });
  assert.equal(rows.length, Object.keys(errorCodes).length, 'a code stands twice in docs/errors.md');
});

test('the codes are sorted, so that two branches that add one meet in few places', () => {
  for (const [part, entries] of Object.entries(errorCodeParts)) {
    const codes = Object.keys(entries);
    assert.deepEqual(codes, codes.toSorted(), part);
  }
  const documented = rows.map(([code = '']) => code);
  assert.deepEqual(documented, documented.toSorted());
});

test('each code stands in one part', () => {
  const all = Object.values(errorCodeParts).flatMap((entries) => Object.keys(entries));
  assert.deepEqual(all.toSorted(), Object.keys(errorCodes).toSorted());
});

test('every exit code is in the page, and the entries use no other', () => {
  const listed: number[] = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  assert.deepEqual(Object.values(exitCodes), listed);
  for (const [code, entry] of Object.entries(errorCodes)) {
    assert.ok(listed.includes(entry.exitCode) && entry.exitCode !== 0, code);
    assert.match(entry.meaning, /^[A-Z].*\.$/, code);
    assert.match(entry.advice, /\S.*\.$/, code);
  }
});

test('an error carries what the table says of retrying, unless the thrower knows better', () => {
  assert.equal(new XylemError('E_OBJECT_DIGEST', 'x').retry, 'elsewhere');
  assert.equal(new XylemError('E_OBJECT_DIGEST', 'x', { retry: 'never' }).retry, 'never');
  const cause = new Error('below');
  assert.equal(new XylemError('E_INPUT', 'x', { cause }).cause, cause);
  assert.ok(isErrorCode('E_INPUT') && !isErrorCode('E_NOPE') && !isErrorCode('toString'));
});
