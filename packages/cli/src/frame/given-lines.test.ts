import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { givenLines } from './given-lines.ts';

async function all(file: string, maxBytes = 1000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of givenLines(file, maxBytes)) lines.push(line);
  return lines;
}

test('lines end at a line feed and nowhere else, also over the pieces in which a file is read', async (t) => {
  const file = join(await tempFolder(t, 'lines'), 'lines');
  const long = 'ü'.repeat(100_000);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['one', ['one']],
    ['one\r\n\ntwo\n', ['one', '', 'two']],
    ['a\u2028b\rc\u2029d\n', ['a\u2028b\rc\u2029d']],
    [`x${long}\n${long}\nend`, [`x${long}`, long, 'end']],
  ];
  for (const [text, lines] of cases) {
    await writeFile(file, text);
    assert.deepEqual(await all(file, 300_000), lines, JSON.stringify(text.slice(0, 20)));
  }
});

test('a line that has no end is not read to it', async (t) => {
  const file = join(await tempFolder(t, 'lines'), 'lines');
  await writeFile(file, `${'x'.repeat(10)}\n${'y'.repeat(11)}\n`);
  await assert.rejects(all(file, 10), { code: 'E_TOO_LARGE', details: { line: 2 } });
  await assert.rejects(all('/dev/zero'), {
    code: 'E_TOO_LARGE',
    message: /^Line 1 of \/dev\/zero is longer/,
  });
});

test('what cannot be read is said by its name', async () => {
  await assert.rejects(all('/nowhere/at/all'), { code: 'E_INPUT', message: /\/nowhere\/at\/all/ });
  await assert.rejects(all('/'), { code: 'E_INPUT', message: /^Cannot read \// });
});
