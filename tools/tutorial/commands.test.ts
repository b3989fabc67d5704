// Every command that the docs show exists, with every option that they give it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '@xylem/testkit';

const checkout = join(import.meta.dirname, '../..');
const program = join(checkout, 'dist/xylem.js');
const pages = [
  'README.md',
  ...readdirSync(join(checkout, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((page) => existsSync(join(checkout, page)));

interface Shown {
  readonly at: string;
  readonly text: string;
}

/** Commands in code: lines of blocks, and spans. A command ends where the shell or a comment begins. */
function commandsIn(page: string): Shown[] {
  let fenced = '';
  return readFileSync(join(checkout, page), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const fence = /^```(\S*)/.exec(line);
      if (fence !== null) fenced = fenced === '' ? `code ${fence[1]}` : '';
      const codes = fenced === '' ? [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code) : [line];
      return codes.flatMap((code) => {
        const match = /(?:^\s*|\/bin\/|sudo -u xylem |XYLEM_HOME=\S+ )(xylem [a-z-].*)$/.exec(code);
        const text = match?.[1]?.replace(/\s+(#|\||&&|>|\().*$/, '') ?? '';
        return text === '' || fenced === 'code text' ? [] : [{ at: `${page}:${index + 1}`, text }];
      });
    });
}

const options = existsSync(program)
  ? {}
  : { skip: 'there is no dist/xylem.js: run ./test, or npm run build' };

async function faultsOf(shown: readonly Shown[]): Promise<string[]> {
  const help = new Map<string, string>();
  const faults: string[] = [];
  for (const { at, text } of shown) {
    const words = text.split(/\s+/).slice(1);
    const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
    const usage = await usageOf(end < 0 ? words : words.slice(0, end), help);
    if (usage === undefined) faults.push(`${at}: ${text}: no such command`);
    for (const [option] of text.matchAll(/--[a-z][a-z-]*/g))
      if (usage !== undefined && !new RegExp(`${option}(?![a-z-])`).test(usage))
        faults.push(`${at}: ${text}: no option ${option}`);
  }
  return faults;
}

test('the docs show only commands and options that there are', options, async () => {
  const shown = pages.flatMap(commandsIn);
  assert.ok(shown.length > 50, `only ${shown.length} commands were found`);
  assert.deepEqual(await faultsOf(shown), []);
});

test('a command or an option that there is not is found', options, async () => {
  const wrong = [
    'xylem host frob web-1',
    'xylem frob',
    'xylem host list --colour',
    'xylem deploy shop@1.0.0 --to-all',
  ];
  const right = ['xylem host', 'xylem where shop', 'xylem host list --site muc'];
  const faults = await faultsOf([...wrong, ...right].map((text) => ({ at: 'here', text })));
  assert.deepEqual(
    faults.map((fault) => fault.split(': ').at(-1)),
    ['no such command', 'no such command', 'no option --colour', 'no option --to-all'],
  );
});

/** The help of the longest command that the words begin with; of a noun alone, that of the noun. */
async function usageOf(words: readonly string[], known: Map<string, string>): Promise<string | undefined> {
  for (let count = Math.min(words.length, 2); count >= 0; count--) {
    const name = words.slice(0, count).join(' ');
    if (!known.has(name)) {
      const said = await run(process.execPath, [program, ...words.slice(0, count), '--help']).catch(
        () => null,
      );
      known.set(name, said?.stdout ?? '');
    }
    const usage = known.get(name) ?? '';
    // A noun's own help answers for the noun alone: behind it stands a verb.
    if (usage !== '') return count === words.length || usage.startsWith('Usage:') ? usage : undefined;
  }
  return undefined;
}
