import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Streams } from '../frame/terminal.ts';
import { readValue } from './given.ts';

const piped = (text: string): Promise<string> => {
  const stdin = new PassThrough();
  stdin.end(text);
  return readValue('api.password', { stdin, stderr: new PassThrough() } as unknown as Streams);
};

/** A person who types these, one for each question. */
async function typed(...answers: readonly string[]): Promise<{ value: string; shown: string }> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const waiting = [...answers];
  let shown = '';
  stderr.on('data', (piece) => {
    shown += String(piece);
    if (String(piece).endsWith(': ')) setImmediate(() => stdin.write(`${waiting.shift() ?? '\u0004'}\r`));
  });
  const value = await readValue('api.password', { stdin, stderr } as unknown as Streams);
  return { value, shown };
}

test('an empty value is refused, wherever it comes from', async () => {
  const refused = { code: 'E_INPUT', message: /^The value of api\.password is empty/ };
  for (const nothing of ['', '\n', '\r\n']) await assert.rejects(piped(nothing), refused);
  await assert.rejects(typed(''), refused);
  assert.equal(await piped(' \n'), ' ');
});

test('a value that is typed is asked for twice', async () => {
  const { value, shown } = await typed('hunter2', 'hunter2');
  assert.equal(value, 'hunter2');
  assert.equal(shown, 'Value of api.password: \nThe same again: \n');
  await assert.rejects(typed('hunter2', 'hunter3'), { code: 'E_INPUT', message: /not the same/ });
  await assert.rejects(typed('hunter2'), { code: 'E_INTERRUPTED' });
});
