import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { XylemError } from '@xylem/core';
import { renderError } from './failure.ts';

const how = { json: false, debug: false };

test('what the operating system refuses is no internal fault', async () => {
  const refused = await readFile('/nowhere/at/all').catch((error: unknown) => error);
  const said = renderError(refused, how);
  assert.equal(said.exitCode, 2);
  assert.match(said.text, /E_INPUT: ENOENT.*\/nowhere\/at\/all/);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  assert.match(renderError(full, how).text, /E_DISK_FULL/);
});

test('what has another code, or no call to the system, is internal', () => {
  for (const error of [new TypeError('x'), Object.assign(new Error('y'), { code: 'ENOENT' }), 'text']) {
    assert.match(renderError(error, how).text, /E_INTERNAL/);
  }
});

test('all that is wrong in a file is said at once', () => {
  const problems = ['a.yaml:2:7: soak: expected a time.', 'a.yaml:9:3: steps is not a known key.'].map(
    (message) => ({ message }),
  );
  const error = new XylemError('E_INPUT', `${problems[0]?.message} (and 1 more)`, { details: { problems } });
  const [first, second, ...rest] = renderError(error, how).text.split('\n');
  assert.match(first ?? '', /^xylem: error E_INPUT: a\.yaml:2:7: .*\(and 1 more\)$/);
  assert.equal(second, '  a.yaml:9:3: steps is not a known key.');
  assert.equal(rest.length, 1);
});
