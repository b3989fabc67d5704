import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { AboveFile } from './above-file.ts';

test('the last list that was given is kept in its order; what is damaged, or no list of addresses, counts as none', async (t) => {
  const path = join(await tempFolder(t), 'above.json');
  const file = new AboveFile(path, silentLog);
  assert.deepEqual(await file.read(), []);
  file.write(['https://b', 'https://a']);
  file.write(['https://root', 'https://b']);
  await file.written();
  assert.deepEqual(await new AboveFile(path, silentLog).read(), ['https://root', 'https://b']);
  const text = await readFile(path, 'utf8');
  assert.equal(text, '{"above":["https://root","https://b"],"format":"xylem-relay-above-1"}');
  for (const damaged of [text.slice(0, -3), '{}', '{"above":["http://plain"]}', '{"above":"https://a"}']) {
    await writeFile(path, damaged);
    assert.deepEqual(await file.read(), [], damaged);
  }
});
