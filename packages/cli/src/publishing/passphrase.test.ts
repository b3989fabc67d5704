import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { Streams } from '../frame/terminal.ts';
import { askPassphrase } from './passphrase.ts';

/** Asks a person who types this. */
function asked(typed: string): { answer: Promise<string>; shown: () => string; end: () => void } {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  let shown = '';
  stderr.on('data', (piece) => (shown += String(piece)));
  const answer = askPassphrase('Passphrase', { stdin, stderr } as unknown as Streams);
  stdin.write(typed);
  return { answer, shown: () => shown, end: () => void stdin.end() };
}

test('what is typed is taken, and not shown', async () => {
  const { answer, shown } = asked('correct horse\r');
  assert.equal(await answer, 'correct horse');
  assert.equal(shown(), 'Passphrase: \n');
});

test('Ctrl-C, Ctrl-D and the end of the input interrupt', async () => {
  for (const key of ['\u0003', '\u0004']) {
    await assert.rejects(asked(key).answer, { code: 'E_INTERRUPTED' }, JSON.stringify(key));
  }
  const { answer, end } = asked('half');
  end();
  await assert.rejects(answer, { code: 'E_INTERRUPTED' });
});
