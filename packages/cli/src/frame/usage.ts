import { type Command, flag, type Option, type Options, text } from './define.ts';

const width = 100;

/** What every command takes. */
export const commonOptions: Options = {
  json: flag('answer with one JSON document'),
  context: text('<name>', 'the root server to ask'),
};

/** `maxUnavailable` is typed `--max-unavailable`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `--max-unavailable <number>` */
export const flagsOf = (name: string, option: Option): string =>
  option.kind === 'flag' ? `--${kebab(name)}` : `--${kebab(name)} ${option.value}`;

interface Argument {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isMany: boolean;
}

/** Reads `<release> [more...]`. */
export function argumentsOf({ arguments: written = '' }: Command): Argument[] {
  return written
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({
      name: word.slice(1, -1).replace(/\.\.\.$/, ''),
      isRequired: word.startsWith('<'),
      isMany: word.includes('...'),
    }));
}

/** What `--help` says. */
export function usageText(path: string, summary: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).map(
    ([name, option]) => [flagsOf(name, option), option.about] as const,
  );
  const rows = [...options, ['-h, --help', 'say this'] as const];
  const column = Math.max(...rows.map(([flags]) => flags.length)) + 4;
  const words = ['xylem', path, '[options]', ...(command.arguments === undefined ? [] : [command.arguments])];
  return [
    `Usage: ${words.join(' ')}`,
    '',
    `${summary}.`,
    ...(command.about === undefined ? [] : ['', command.about]),
    '',
    'Options:',
    ...rows.flatMap(([flags, about]) => row(flags, about, column)),
    '',
    'Example:',
    ...command.example.split('\n').map((line) => `  ${line}`),
    '',
  ].join('\n');
}

/** The flags, and what they are for beside them, over as many lines as it takes. */
function row(flags: string, about: string, column: number): string[] {
  const lines = [''];
  for (const word of about.split(' ')) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    if (line === '') lines[last] = word;
    else if (column + line.length + 1 + word.length <= width) lines[last] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, index) => `${(index === 0 ? `  ${flags}` : '').padEnd(column)}${line}`);
}
