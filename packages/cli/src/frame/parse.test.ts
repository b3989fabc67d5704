import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { count, defineCommand, flag, list, requiredText, text } from './define.ts';
import { parseWords } from './parse.ts';

const command = defineCommand({
  arguments: '<first> [more...]',
  options: {
    env: requiredText('<environment>', 'where'),
    maxFailed: count('<number>', 'how many', 1, 9),
    label: list('<pair>', 'labels'),
    yes: flag('do not ask'),
    where: text('<selector>', 'which'),
  },
  example: 'xylem try this',
  run: async () => undefined,
});
const parse = (...words: string[]) => parseWords('try', 'Tries', command, words);

describe('the words of a command', () => {
  it('are read in any order, and what is absent has its value', () => {
    assert.deepEqual(
      parse('a', '--max-failed', '3', '--env=x', 'b', '--label', '1', '--json', '--label=-2', '--', '--c'),
      {
        kind: 'run',
        args: ['a', 'b', '--c'],
        options: { env: 'x', maxFailed: 3, label: ['1', '-2'], yes: false, where: undefined },
        json: true,
        context: undefined,
      },
    );
  });

  const refusals: readonly (readonly [string[], RegExp])[] = [
    [['--env', 'x'], /missing required argument 'first'\./],
    [['a'], /required option '--env <environment>' not specified\./],
    [['a', '--env'], /option '--env <environment>' argument missing\./],
    [['a', '--env', '--yes'], /argument missing\. A value that begins with - is written with =\./],
    [['a', '--env', 'x', '--env', 'y'], /'--env <environment>' is given twice\./],
    [['a', '--env', 'x', '--yes=no'], /'--yes' takes no value\./],
    [
      ['a', '--env', 'x', '--max-failed', '0'],
      /argument '0' is invalid\. It must be a whole number from 1 to 9\./,
    ],
    [['a', '--env', 'x', '--max-failed', '1e0'], /argument '1e0' is invalid/],
    [['a', '--env', 'x', '--wher', 'y'], /unknown option '--wher'\. Did you mean --where\?/],
    [['a', '--env', 'x', '-y'], /unknown option '-y'/],
    [['a', '--env', 'x', '--__proto__'], /unknown option '--__proto__'/],
  ];
  for (const [words, message] of refusals) {
    it(`refuse ${words.join(' ')}`, () => {
      assert.throws(() => parse(...words), { code: 'E_INPUT', message });
    });
  }

  it('are explained by --help, whatever else stands there', () => {
    const help = parse('--nonsense', '-h');
    assert.equal(help.kind, 'help');
    assert.ok(
      help.kind === 'help' &&
        help.text.startsWith('Usage: xylem try [options] <first> [more...]\n\nTries.\n'),
    );
    assert.ok(help.kind === 'help' && help.text.split('\n').every((line) => line.length <= 100));
  });

  it('one too many is refused where their number is fixed', () => {
    const single = defineCommand({ arguments: '<one>', example: '', run: async () => undefined });
    assert.throws(() => parseWords('try', '', single, ['a', 'b']), /'b' is one argument too many\./);
  });
});
