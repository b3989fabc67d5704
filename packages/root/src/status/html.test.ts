import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { html } from './html.ts';

test('escapes every value, and nothing twice', () => {
  const name = `<img src=x onerror="alert('1')">&`;
  const inner = html`<b title="${name}">${name}</b>`;
  assert.equal(html`<p>${inner}</p>`.text, `<p>${inner.text}</p>`);
  assert.doesNotMatch(inner.text, /<img/);
  assert.equal(html`${[1, null, false, 'a']}`.text, '1a');
});

test('no value opens a tag or leaves its quotes', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      const { text } = html`<a href="${value}">${value}</a>`;
      assert.equal(text.match(/[<>]/g)?.length, 4);
      assert.equal(text.match(/"/g)?.length, 2);
    }),
  );
});
