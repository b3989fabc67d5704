import { XylemError } from '@xylem/core';
import { didYouMean } from './suggest.ts';
import type { TableEntry } from './table/entry.ts';

export type Found =
  | { readonly kind: 'command'; readonly entry: TableEntry; readonly rest: readonly string[] }
  | { readonly kind: 'help'; readonly noun: string | undefined };

const asksHelp = (word: string | undefined): boolean =>
  word === undefined || ['-h', '--help', 'help'].includes(word);

/** @throws XylemError E_INPUT for a noun or verb that does not exist, with the nearest that does */
export function findCommand(table: readonly TableEntry[], words: readonly string[]): Found {
  const [first, second] = words;
  if (first === 'help' && second !== undefined) return findCommand(table, [...words.slice(1), '--help']);
  if (first === undefined || asksHelp(first)) return { kind: 'help', noun: undefined };
  const verb = table.find((entry) => entry.path === `${first} ${second ?? ''}`);
  if (verb !== undefined) return { kind: 'command', entry: verb, rest: words.slice(2) };
  // A noun may be a command too, as `plan` is: what its verbs don't take is its own.
  const single = table.find((entry) => entry.path === first);
  if (single !== undefined) return { kind: 'command', entry: single, rest: words.slice(1) };
  if (first.startsWith('-')) {
    throw new XylemError(
      'E_INPUT',
      `Options stand behind the command: xylem NOUN VERB ${first.split('=')[0]}. \`xylem --help\` lists the commands.`,
    );
  }
  const ofNoun = table.filter((entry) => entry.path.startsWith(`${first} `));
  if (ofNoun.length === 0) {
    const nouns = new Set(table.map((entry) => entry.path.split(' ')[0] ?? ''));
    const meant = didYouMean(first, nouns) || didYouMeanVerb(table, first);
    throw new XylemError(
      'E_INPUT',
      `There is no command "xylem ${first}".${meant} \`xylem --help\` lists them.`,
    );
  }
  if (second === undefined || asksHelp(second)) return { kind: 'help', noun: first };
  const meant = didYouMean(
    second,
    ofNoun.map(({ path }) => path.slice(first.length + 1)),
  );
  throw new XylemError(
    'E_INPUT',
    `"xylem ${first}" has no verb "${second}".${meant} \`xylem ${first} --help\` lists them.`,
  );
}

/** `xylem list` when `xylem host list` exists. */
function didYouMeanVerb(table: readonly TableEntry[], verb: string): string {
  const paths = table.filter(({ path }) => path.endsWith(` ${verb}`)).map(({ path }) => `"xylem ${path}"`);
  return paths.length === 0 ? '' : ` Did you mean ${paths.join(' or ')}?`;
}

/** The list of commands, of one noun or of all. */
export function helpText(table: readonly TableEntry[], noun: string | undefined, version: string): string {
  const shown = table.filter(
    (entry) => noun === undefined || entry.path === noun || entry.path.startsWith(`${noun} `),
  );
  const width = Math.max(...shown.map(({ path }) => path.length));
  const rows = shown.map(({ path, summary }) => `  ${path.padEnd(width)}  ${summary}`);
  const first = table.some(({ path }) => path === 'start') ? 'start' : `${shown[0]?.path} --help`;
  const example = noun === undefined ? `xylem ${first}` : `xylem ${shown[0]?.path ?? noun} --help`;
  return [
    noun === undefined ? `xylem ${version}: distributes software through a tree of relays` : `xylem ${noun}`,
    '',
    ...rows,
    '',
    'Each command has --help with an example, and --json. Exit codes: docs/cli.md.',
    '',
    'Example:',
    `  ${example}`,
  ].join('\n');
}
