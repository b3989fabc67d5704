import type { Clock, Randomness } from '@xylem/platform';
import type { Api } from '../api/client.ts';
import type { Home } from '../home/home.ts';
import type { Terminal } from './terminal.ts';

interface Described {
  readonly about: string;
}
export interface Flag extends Described {
  readonly kind: 'flag';
}
export interface Text extends Described {
  readonly kind: 'text';
  readonly value: string;
  readonly required: boolean;
}
export interface Count extends Described {
  readonly kind: 'count';
  readonly value: string;
  readonly least: number;
  readonly most: number;
}
export interface List extends Described {
  readonly kind: 'list';
  readonly value: string;
}
export type Option = Flag | Text | Count | List;
export type Options = Readonly<Record<string, Option>>;

export type ValueOf<O extends Option> = O extends Flag
  ? boolean
  : O extends List
    ? readonly string[]
    : O extends Count
      ? number | undefined
      : O extends { readonly required: true }
        ? string
        : string | undefined;
export type Values<O extends Options> = { readonly [K in keyof O]: ValueOf<O[K]> };

export const flag = (about: string): Flag => ({ kind: 'flag', about });
export const text = (value: string, about: string): Text & { readonly required: false } => ({
  kind: 'text',
  value,
  about,
  required: false,
});
export const requiredText = (value: string, about: string): Text & { readonly required: true } => ({
  kind: 'text',
  value,
  about,
  required: true,
});
/** A whole number within bounds; `most` defaults to 2^31 - 1. */
export const count = (value: string, about: string, least = 0, most = 2 ** 31 - 1): Count => ({
  kind: 'count',
  value,
  about,
  least,
  most,
});
/** May be given many times. */
export const list = (value: string, about: string): List => ({ kind: 'list', value, about });

/** What a command works with: everything that touches the world is handed in. */
export interface Invocation<O extends Options = Options> {
  readonly args: readonly string[];
  readonly options: Values<O>;
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly home: Home;
  /** What --context says, for commands that look at a context without asking its root server. */
  readonly context: string | undefined;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** How this very program is started again, for processes of its own: [node, entry], or a single executable alone. */
  readonly self: readonly [string, ...string[]];
  /** The API of the context in use. @throws XylemError E_NOT_LOGGED_IN */
  api(): Promise<Api>;
}

/** What a command says at its end: one document for `--json`, text for people. */
export interface Outcome {
  readonly data: unknown;
  readonly text: string | (() => string);
  /** Default 0. For commands whose answer is also a verdict (`host why`, `start --check`). */
  readonly exitCode?: number;
}

export interface CommandDefinition<O extends Options> {
  /** As commander reads it: `<release> [more...]`. */
  readonly arguments?: string;
  readonly options?: O;
  /** What it does, beyond the table's one line. */
  readonly about?: string;
  readonly example: string;
  run(invocation: Invocation<O>): Promise<Outcome | undefined>;
}

export type Command = CommandDefinition<Options>;

/** Checks the definition's types and hands it out without them: the frame calls it with what it parsed by it. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  return definition as unknown as Command;
}
