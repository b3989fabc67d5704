import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { examples } from './examples.test-data.ts';

/**
 * The files below fixtures/v1 are kept for ever: what was written once must always be read, and written alike. A new
 * document's file is made by running this test once with XYLEM_WRITE_FIXTURES=1; existing ones are never changed.
 */
const folder = new URL('../../fixtures/v1/', import.meta.url);

for (const [name, { encoded, parse, encode }] of Object.entries(examples)) {
  test(`golden ${name}`, () => {
    const file = new URL(`${name}.json`, folder);
    if (process.env.XYLEM_WRITE_FIXTURES === '1' && !existsSync(file)) writeFileSync(file, encoded);
    const kept = readFileSync(file);
    assert.equal(new TextDecoder().decode(encoded), kept.toString());
    assert.deepEqual(Buffer.from(encode(parse(kept) as never)), kept);
  });
}

test('every file is an example', () => {
  assert.deepEqual(
    readdirSync(folder).sort(),
    Object.keys(examples)
      .map((name) => `${name}.json`)
      .sort(),
  );
});
