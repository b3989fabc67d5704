import { parseArgs } from 'node:util';
import { nearest, XylemError } from '@xylem/core';
import type { Command, Option, Options, Values } from './define.ts';
import { argumentsOf, commonOptions, flagsOf, kebab, usageText } from './usage.ts';

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
  const defined: Options = { ...command.options, ...commonOptions };
  const names = new Map(Object.keys(defined).map((name) => [kebab(name), name]));
  const { tokens } = parseArgs({
    args: [...words],
    options: {
      ...Object.fromEntries(
        Object.entries(defined).map(([name, { kind }]) => [
          kebab(name),
          { type: kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: true },
        ]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help')) {
    return { kind: 'help', text: usageText(path, summary, command) };
  }
  const refuse = (what: string): XylemError =>
    new XylemError('E_INPUT', `xylem ${path}: ${what} \`xylem ${path} --help\` shows what it takes.`);

  const given: Record<string, unknown> = {};
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') args.push(token.value);
    if (token.kind !== 'option') continue;
    const name = names.get(token.name);
    const option = name === undefined ? undefined : defined[name];
    if (name === undefined || option === undefined) {
      const meant = nearest(token.name, names.keys());
      throw refuse(
        `unknown option '${token.rawName}'.${meant === undefined ? '' : ` Did you mean --${meant}?`}`,
      );
    }
    given[name] = valueOfToken(option, flagsOf(name, option), token, given[name], refuse);
  }
  for (const [name, option] of Object.entries(defined)) {
    if (option.kind === 'text' && option.required && given[name] === undefined) {
      throw refuse(`required option '${flagsOf(name, option)}' not specified.`);
    }
  }
  checkArguments(command, args, refuse);
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(command.options ?? {})) {
    options[name] = given[name] ?? absent[option.kind];
  }
  return {
    kind: 'run',
    args,
    options: options as Values<Options>,
    json: given.json === true,
    context: typeof given.context === 'string' ? given.context : undefined,
  };
}

interface OptionToken {
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** The value of an option, added to what the same option was given before. */
function valueOfToken(
  option: Option,
  flags: string,
  { value, inlineValue }: OptionToken,
  before: unknown,
  refuse: (what: string) => XylemError,
): unknown {
  if (option.kind === 'flag') {
    if (value === undefined) return true;
    throw refuse(`option '${flags}' takes no value.`);
  }
  if (value === undefined) throw refuse(`option '${flags}' argument missing.`);
  // `--site --json`: more often a value was forgotten than a value begins with a hyphen.
  if (inlineValue !== true && /^-./.test(value)) {
    throw refuse(`option '${flags}' argument missing. A value that begins with - is written with =.`);
  }
  if (option.kind === 'list') return [...((before as string[] | undefined) ?? []), value];
  if (before !== undefined) throw refuse(`option '${flags}' is given twice.`);
  if (option.kind === 'text') return value;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= option.least && number <= option.most) return number;
  throw refuse(
    `option '${flags}' argument '${value}' is invalid. It must be a whole number from ${option.least} to ${option.most}.`,
  );
}

function checkArguments(
  command: Command,
  args: readonly string[],
  refuse: (what: string) => XylemError,
): void {
  const expected = argumentsOf(command);
  const missing = expected.find(({ isRequired }, index) => isRequired && args[index] === undefined);
  if (missing !== undefined) throw refuse(`missing required argument '${missing.name}'.`);
  const isOpen = expected.some(({ isMany }) => isMany);
  const extra = isOpen ? undefined : args[expected.length];
  if (extra !== undefined) throw refuse(`'${extra}' is one argument too many.`);
}
