import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCommand, helpText } from './find.ts';
import { commandTable } from './table/index.ts';

const pathOf = (...words: string[]): string => {
  const found = findCommand(commandTable, words);
  return found.kind === 'command' ? `${found.entry.path} | ${found.rest.join(' ')}` : `help of ${found.noun}`;
};

test('a noun with verbs may be a command too', () => {
  assert.equal(pathOf('plan', 'shop@2.4.0', '--to', 'live'), 'plan | shop@2.4.0 --to live');
  assert.equal(pathOf('plan', 'show', 'p-1'), 'plan show | p-1');
  assert.equal(pathOf('plan', '--help'), 'plan | --help');
  assert.equal(pathOf('release', '--help'), 'help of release');
  assert.throws(() => pathOf('release', 'shop@2.4.0'), {
    code: 'E_INPUT',
    message: /has no verb "shop@2\.4\.0"/,
  });
  assert.match(helpText(commandTable, 'plan', '0'), /^ {2}plan {2,}.*\n {2}plan show/m);
});
