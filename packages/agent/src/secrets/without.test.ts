import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutValues } from './without.ts';

for (const [text, values, expected] of [
  ['no such user: hunter2, hunter2', ['hunter2'], 'no such user: (sealed), (sealed)'],
  ['nter2 is wrong', ['hunter2'], '(sealed) is wrong'],
  ['r2 is wrong', ['hunter2'], 'r2 is wrong'],
  ['line 2\nline 3\nrefused', ['line 1\nline 2\nline 3'], '(sealed)\nrefused'],
  ['hunter22', ['hunter2', 'hunter22'], '(sealed)'],
  ['as it is', [''], 'as it is'],
] as const) {
  test(`${JSON.stringify(text)} without ${JSON.stringify(values)}`, () => {
    assert.equal(withoutValues(text, values), expected);
  });
}
