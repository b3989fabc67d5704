import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { readGiven, readSecret } from './given.ts';

const typed = (text: string): Readable => Readable.from([Buffer.from(text)]);

test('a password is the same by a file and by standard input', async (t) => {
  const file = join(await tempFolder(t, 'given'), 'password');
  await writeFile(file, ' with room around it \n');
  assert.equal(await readSecret(file), ' with room around it ');
  assert.equal(await readSecret('-', typed(' with room around it \n')), ' with room around it ');
  assert.equal(await readSecret('-', typed('two\r\nlines\r\n')), 'two\r\nlines');
});

test('what has no end is not read to it', async () => {
  await assert.rejects(readGiven('/dev/zero', 1000), { code: 'E_TOO_LARGE' });
  await assert.rejects(readSecret('-', typed('x'.repeat(100_000))), /standard input is larger/);
});

test('what is not there is said by its name', async () => {
  await assert.rejects(readGiven('/nowhere/at/all', 10), {
    code: 'E_INPUT',
    message: /^\/nowhere\/at\/all can't be read: ENOENT/,
  });
});
