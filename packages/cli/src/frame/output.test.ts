import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { exitCodes } from '@xylem/core';
import { printable, printableLine } from './printable.ts';
import { tabulate } from './tabulate.ts';
import { createTerminal } from './terminal.ts';
import { sizeText } from './words.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

describe('where the answer goes', () => {
  it('is no fault of the program when the reader has left', async () => {
    const child = spawn(process.execPath, [main, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    assert.deepEqual(await ended(child), { code: exitCodes.interrupted, stderr: '' });
  });

  it('is said when it takes nothing', { skip: !existsSync('/dev/full') }, async () => {
    const child = spawn(process.execPath, [main, '--help'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    });
    const { code, stderr } = await ended(child);
    assert.match(stderr, /^xylem: error E_STORAGE: The answer can't be written: ENOSPC/);
    assert.equal(code, exitCodes.machine);
  });

  it('may be nowhere: what is noted is not the work', async () => {
    const child = spawn(process.execPath, [main, 'nonsense'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.destroy();
    const { code } = await ended(child);
    assert.equal(code, exitCodes.input);
  });
});

async function ended(
  child: ReturnType<typeof spawn>,
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (piece) => (stderr += String(piece)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

describe('text of others', () => {
  it('can move no cursor and fake no line', () => {
    assert.equal(
      printable('a\u001b[2Kb\r\u009bc\u202ed\u0007'),
      'a\\u001b[2Kb\\u000d\\u009bc\\u202ed\\u0007',
    );
    assert.equal(printable('line\r\nline\n\tindented ü 漢 🌳'), 'line\r\nline\n\tindented ü 漢 🌳');
    assert.equal(printableLine('web-1\nok   all is well'), 'web-1\\nok   all is well');
    const table = tabulate(['HOST', 'SAYS'], [['web-1', 'well\nweb-2  \u001b[31mgone']], '');
    assert.equal(table, 'HOST   SAYS\nweb-1  well\\nweb-2  \\u001b[31mgone');
  });
});

describe('a table', () => {
  it('has its columns one below the other, also where a sign is two wide', () => {
    const rows = [
      ['漢', 1],
      ['web-1', 20],
    ];
    assert.equal(tabulate(['NAME', 'HOSTS'], rows, ''), 'NAME   HOSTS\n漢     1\nweb-1  20');
    assert.equal(tabulate(['NAME'], [], 'Nothing.'), 'Nothing.');
  });

  it('takes the rows of the largest fleet', () => {
    const rows = Array.from({ length: 200_000 }, (_, index) => [`host-${index}`, index]);
    assert.equal(tabulate(['HOST', 'N'], rows, '').split('\n').at(-1), 'host-199999  199999');
  });
});

describe('progress', () => {
  function terminal(isTTY: boolean) {
    let text = '';
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 40 });
    stream.on('data', (piece) => (text += String(piece)));
    const streams = { stdin: stream, stdout: stream, stderr: stream };
    const made = createTerminal(streams as unknown as Parameters<typeof createTerminal>[0], false);
    return { made, text: () => text };
  }

  it('is a line at the start and the end where nobody looks', () => {
    const { made, text } = terminal(false);
    const progress = made.progress('shop-api');
    progress.update('1 of 2');
    progress.done('2 of 2');
    made.progress('shop-web', true).done('all');
    assert.equal(text(), 'shop-api\nshop-api: 2 of 2\n');
  });

  it('that was not done leaves its line to what went wrong', () => {
    const { made, text } = terminal(true);
    made.progress('shop-api');
    made.leaveProgress();
    made.note('a fault');
    assert.equal(text(), '\r\u001b[Kshop-api: …\na fault\n');
  });

  it('stays below what is said meanwhile, and within the width', () => {
    const { made, text } = terminal(true);
    const progress = made.progress('shop-api');
    made.line('an event');
    progress.update('x'.repeat(80));
    progress.done('2 of 2');
    const clear = '\r\u001b[K';
    const wide = `shop-api: ${'x'.repeat(29)}`;
    assert.equal(
      text(),
      `${clear}shop-api: …${clear}an event\nshop-api: …${clear}${wide}${clear}shop-api: 2 of 2\n`,
    );
  });
});

describe('a question', () => {
  it('whose asker ends the input is answered by no', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stream = new PassThrough().resume();
    const streams = { stdin, stdout: stream, stderr: stream };
    const made = createTerminal(streams as unknown as Parameters<typeof createTerminal>[0], false);
    const answer = made.confirm('Go on?', new AbortController().signal);
    stdin.end();
    assert.equal(await answer, false);
  });
});

describe('sizes', () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [31_240, '31.2 kB'],
    [999_999, '1.0 MB'],
    [4_900_000, '4.9 MB'],
    [12_300_000_000, '12.3 GB'],
  ];
  for (const [bytes, text] of sizes) it(`${bytes} is ${text}`, () => assert.equal(sizeText(bytes), text));
});
