import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
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
