import { exitCodes, XylemError } from '@xylem/core';
import { createHome } from '../home/home.ts';
import { version } from '../version.ts';
import { renderError } from './failure.ts';
import { findCommand, helpText } from './find.ts';
import { printable } from './printable.ts';
import type { TableEntry } from './table/entry.ts';
import type { Streams } from './terminal.ts';
import { createTerminal } from './terminal.ts';

/** The part of `process` that the program uses. */
export interface Host extends Streams {
  readonly argv: readonly string[];
  readonly execPath: string;
  readonly env: NodeJS.ProcessEnv;
  exit(code: number): never;
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Runs one command of the table to its end. Never throws: faults are said on stderr. Returns the exit code. */
export async function run(
  words: readonly string[],
  host: Host,
  table: readonly TableEntry[],
): Promise<number> {
  const wantsJson = words.includes('--json');
  watchStreams(host, wantsJson);
  const stopping = new AbortController();
  const stop = (): void => {
    // The first asks politely; who asks twice does not want to wait.
    if (stopping.signal.aborted) host.exit(exitCodes.interrupted);
    stopping.abort(new XylemError('E_INTERRUPTED', 'The command was interrupted.'));
  };
  host.on('SIGINT', stop);
  host.on('SIGTERM', stop);
  try {
    return await dispatch(words, host, table, stopping.signal);
  } catch (error) {
    const { signal } = stopping;
    // What was cut off says so in words of its own (an AbortError), which is no fault of the program.
    const fault = signal.aborted && !(error instanceof XylemError) ? signal.reason : error;
    const failure = renderError(fault, { json: wantsJson, debug: Boolean(host.env.XYLEM_DEBUG) });
    host.stderr.write(`${wantsJson ? failure.text : printable(failure.text)}\n`);
    return failure.exitCode;
  } finally {
    host.off('SIGINT', stop);
    host.off('SIGTERM', stop);
  }
}

/**
 * An answer that nobody takes any more (`xylem host list | head`) ends the program without a word; one that can't be
 * written is a fault. What is only noted, on stderr, may get lost.
 */
function watchStreams(host: Host, json: boolean): void {
  host.stderr.on('error', () => undefined);
  host.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') host.exit(exitCodes.interrupted);
    const fault = new XylemError('E_STORAGE', `The answer can't be written: ${error.message}`);
    const failure = renderError(fault, { json, debug: false });
    host.stderr.write(`${failure.text}\n`);
    host.exit(failure.exitCode);
  });
}

async function dispatch(
  words: readonly string[],
  host: Host,
  table: readonly TableEntry[],
  signal: AbortSignal,
): Promise<number> {
  const found = findCommand(table, words);
  if (found.kind === 'help') {
    host.stdout.write(`${helpText(table, found.noun, version)}\n`);
    return 0;
  }
  const [{ command }, { parseWords }] = await Promise.all([found.entry.load(), import('./parse.ts')]);
  const parsed = parseWords(found.entry.path, found.entry.summary, command, found.rest);
  if (parsed.kind === 'help') {
    host.stdout.write(parsed.text);
    return 0;
  }
  // Loaded here, not above: its HTTP costs more than all that --help needs.
  const { systemClock, systemRandomness } = await import('@xylem/platform');
  const home = createHome(host.env);
  const { json } = parsed;
  const api = once(async () => {
    const { openApi } = await import('../api/client.ts');
    return openApi(await home.context(parsed.context), host.env, signal);
  });
  const terminal = createTerminal(host, json);
  try {
    const outcome = await command.run({
      args: parsed.args,
      options: parsed.options,
      json,
      terminal,
      home,
      context: parsed.context,
      clock: systemClock,
      randomness: systemRandomness,
      environment: host.env,
      signal,
      self: startedAs(host),
      api: api.get,
    });
    if (outcome === undefined) return 0;
    const text = json
      ? JSON.stringify(outcome.data, null, host.stdout.isTTY === true ? 2 : undefined)
      : printable(typeof outcome.text === 'string' ? outcome.text : outcome.text());
    if (text !== '') host.stdout.write(`${text}\n`);
    return outcome.exitCode ?? 0;
  } finally {
    terminal.leaveProgress();
    (await api.made())?.close();
  }
}

/** A single executable is its own program; else Node is, with the entry. */
function startedAs({ execPath, argv }: Host): readonly [string, ...string[]] {
  return process.getBuiltinModule('node:sea').isSea() ? [execPath] : [execPath, argv[1] ?? ''];
}

function once<T>(make: () => Promise<T>): { get(): Promise<T>; made(): Promise<T | undefined> } {
  let made: Promise<T> | undefined;
  return {
    get: () => (made ??= make()),
    made: async () => made?.catch(() => undefined),
  };
}
