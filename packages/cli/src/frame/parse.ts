import { XylemError } from '@xylem/core';
import {
  Command as Commander,
  CommanderError,
  Option as CommanderOption,
  InvalidArgumentError,
} from 'commander';
import type { Command, Option, Options, Values } from './define.ts';

export type Parsed =
  | { readonly kind: 'help'; readonly text: string }
  | {
      readonly kind: 'run';
      readonly args: readonly string[];
      readonly options: Values<Options>;
      readonly json: boolean;
      readonly context: string | undefined;
    };

/** What a command sees for an option that was not given. */
const absent: { readonly [K in Option['kind']]: unknown } = {
  flag: false,
  list: [],
  text: undefined,
  count: undefined,
};

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function readCount(option: Extract<Option, { kind: 'count' }>): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < option.least || number > option.most) {
      throw new InvalidArgumentError(`It must be a whole number from ${option.least} to ${option.most}.`);
    }
    return number;
  };
}

function addOption(commander: Commander, name: string, option: Option): void {
  const flags = `--${kebab(name)}${option.kind === 'flag' ? '' : ` ${option.value}`}`;
  const added = new CommanderOption(flags, option.about);
  if (option.kind === 'list')
    added.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  if (option.kind === 'count') added.argParser(readCount(option));
  if (option.kind === 'text' && option.required) added.makeOptionMandatory();
  commander.addOption(added);
}

/**
 * Reads the words behind a command's name as its definition says.
 * @throws XylemError E_INPUT naming the word and what would be right
 */
export function parseWords(
  path: string,
  summary: string,
  command: Command,
  words: readonly string[],
): Parsed {
  let output = '';
  const keep = (text: string): void => {
    output += text;
  };
  const commander = new Commander(`xylem ${path}`)
    .description(command.about === undefined ? `${summary}.` : `${summary}.\n\n${command.about}`)
    .exitOverride()
    .configureOutput({ writeOut: keep, writeErr: keep, getOutHelpWidth: () => 100 })
    .helpOption('-h, --help', 'say this')
    .addHelpText('after', `\nExample:\n${command.example.trim().replace(/^/gm, '  ')}`);
  if (command.arguments !== undefined) commander.arguments(command.arguments);
  for (const [name, option] of Object.entries(command.options ?? {})) addOption(commander, name, option);
  commander
    .option('--json', 'answer with one JSON document')
    .option('--context <name>', 'the root server to ask');
  try {
    commander.parse([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { kind: 'help', text: output };
    throw new XylemError('E_INPUT', sentence(error.message, path), { cause: error });
  }
  const { json, context, ...given } = commander.opts<Record<string, unknown>>();
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(command.options ?? {})) {
    options[name] = given[name] ?? absent[option.kind];
  }
  return {
    kind: 'run',
    args: commander.args,
    options: options as Values<Options>,
    json: json === true,
    context: typeof context === 'string' ? context : undefined,
  };
}

function sentence(message: string, path: string): string {
  const plain = message
    .replace(/^error: /, '')
    .replace(/\n\(?/g, '. ')
    .replace(/\?\)$/, '?');
  return `xylem ${path}: ${plain}${/[.?]$/.test(plain) ? '' : '.'} \`xylem ${path} --help\` shows what it takes.`;
}
