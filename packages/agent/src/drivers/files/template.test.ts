import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTemplates } from './template.ts';

test('templates are strict, and a value adds no line of its own', async () => {
  const templates = await loadTemplates();
  const values = { config: { port: 80, list: ['a', 'b'], none: null, pem: 'a\nb', tab: 'a\tb' } };
  const fill = (text: string): string => templates.fill('a.tmpl', text, values);
  const loop = '{% for one in config.list %}{{ one }}{% unless forloop.last %},{% endunless %}{% endfor %}';
  assert.equal(fill(`${loop} {% if config.none %}x{% endif %}{{ config.port | plus: 1 }}`), 'a,b 81');
  assert.equal(fill('{{ config.tab }}{{ config.pem | raw }}'), 'a\tba\nb');
  const refused = [
    '{{ config.none }}',
    '{{ config.list }}',
    '{{ config.pem }}',
    '{{ config.missing }}',
    '{% if config.missing %}{% endif %}',
    '{{ config.constructor }}',
    '{{ config["__proto__"] }}',
    '{{ "now" | date: "%s" }}',
    '{{ config.list | sample }}',
    '{% include "b" %}',
    '{% render "b" %}',
    '{% for i in (1..100000000) %}x{% endfor %}',
    '{% if',
  ];
  for (const text of refused) {
    assert.throws(() => fill(`\n${text}`), { code: 'E_TEMPLATE', message: /^a\.tmpl, line 2: / }, text);
  }
});
