import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { exitCodes } from '@xylem/core';
import { defineCommand } from './define.ts';
import { type Host, run } from './run.ts';

test('what Ctrl-C cuts off is no fault of the program', async () => {
  let stop: () => void = () => assert.fail('nobody listens');
  const command = defineCommand({
    arguments: '',
    options: {},
    example: 'xylem wait long',
    run: async ({ signal }) => {
      const cut = once(signal, 'abort');
      stop();
      await cut;
      throw new DOMException('The operation was aborted', 'AbortError');
    },
  });
  const stderr = new PassThrough();
  const host = {
    argv: ['node', 'main.ts'],
    execPath: process.execPath,
    env: {},
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    exit: () => assert.fail('it ended the process'),
    on: (_: string, listener: () => void) => (stop = listener),
    off: () => undefined,
  } as unknown as Host;
  const table = [{ path: 'wait long', summary: 'Waits.', load: async () => ({ command }) }];
  assert.equal(await run(['wait', 'long'], host, table), exitCodes.interrupted);
  assert.match(String(stderr.read()), /E_INTERRUPTED: The command was interrupted\./);
});
