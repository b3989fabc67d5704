import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';

const readyWithinMs = 60_000;
const endsWithinMs = 15_000;

/** The program `xylem` as real processes, with one home for contexts and keys; those that stay log to a file each. */
export interface Program {
  /** Runs a command to its end and reads its JSON document. @throws XylemError with what it said on stderr */
  command(words: readonly string[]): Promise<unknown>;
  /** Runs a command for its text, exit code and all. */
  show(words: readonly string[]): Promise<string>;
  /**
   * Starts a program that stays, and waits for the document by which it says that it is ready.
   * @param nodeWords words for Node before the program's, as `--import` and a module
   */
  start(name: string, words: readonly string[], nodeWords?: readonly string[]): Promise<unknown>;
  /** Ends the services of a host whose agent has ended. */
  endServices(stateFolder: string): Promise<void>;
  /** The process of something that was started by this name last. */
  pidOf(name: string): number;
  /** Ends one process by its pid and waits for its end. */
  end(name: string, signal: NodeJS.Signals): Promise<void>;
  /** Ends what was started, the last first, each by its pid: politely, then by force. */
  stop(): Promise<void>;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const endOf = (child: ChildProcess): Promise<Ended> =>
  new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));

/**
 * @param options.entry `dist/xylem.js` or `packages/cli/src/main.ts`
 * @param options.home XYLEM_HOME
 * @param options.logs a folder for `<name>.log`
 */
export function program(options: {
  readonly entry: string;
  readonly home: string;
  readonly logs: string;
  /** Words for Node before the program's, each time that it is run. */
  readonly nodeWords?: readonly string[];
  /** What runs it elsewhere: words that stand before all others, as a node of `networkLab` names them. */
  readonly within?: readonly string[];
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}): Program {
  const { entry, home, logs } = options;
  mkdirSync(logs, { recursive: true });
  const noContext = { XYLEM_URL: '', XYLEM_TOKEN: '', XYLEM_PIN: '' };
  const environment = { ...process.env, XYLEM_HOME: home, ...noContext, ...options.env };
  const running: { readonly name: string; readonly child: ChildProcess; readonly ended: Promise<Ended> }[] =
    [];
  let stopping = false;

  const latest = (name: string): (typeof running)[number] => {
    const found = running.findLast((one) => one.name === name);
    if (found === undefined) throw new XylemError('E_NOT_FOUND', `No process was started as ${name}.`);
    return found;
  };

  const spawned = (words: readonly string[], nodeWords: readonly string[] = []): ChildProcess => {
    const node = [process.execPath, ...(options.nodeWords ?? []), ...nodeWords, entry, ...words];
    const [command = '', ...args] = [...(options.within ?? []), ...node];
    // A group of its own, so that Ctrl-C reaches only the demo, which ends the others in order.
    return spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  };

  const run = async (
    words: readonly string[],
  ): Promise<{ readonly stdout: string; readonly code: number | null }> => {
    const child = spawned(words);
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.stderr += text;
    });
    const { code } = await endOf(child);
    if (code === 0) return { stdout: output.stdout, code };
    throw new XylemError(
      'E_DEPLOYMENT_FAILED',
      `xylem ${words.join(' ')} ended with ${code}: ${output.stderr.trim()}\n${output.stdout.trim()}`,
    );
  };

  return {
    async command(words) {
      return JSON.parse((await run([...words, '--json'])).stdout) as unknown;
    },
    async show(words) {
      return (await run(words)).stdout.trimEnd();
    },
    async start(name, words, nodeWords) {
      if (stopping) throw new XylemError('E_INTERRUPTED', 'The demo is being ended.');
      const child = spawned([...words, '--json'], nodeWords);
      const ended = endOf(child);
      running.push({ name, child, ended });
      child.stderr?.pipe(createWriteStream(join(logs, `${name}.log`), { flags: 'a' }));
      return readyDocument(name, child, ended, join(logs, `${name}.log`));
    },
    pidOf: (name) => latest(name).child.pid ?? -1,
    async end(name, signal) {
      const one = latest(name);
      one.child.kill(signal);
      await one.ended;
    },
    async endServices(stateFolder) {
      if (!existsSync(stateFolder)) return;
      await run(['agent', 'stop', '--state', stateFolder]).catch((error: Error) =>
        process.stderr.write(`${error.message}\n`),
      );
    },
    async stop() {
      stopping = true;
      for (let one = running.pop(); one !== undefined; one = running.pop()) {
        const { child, ended } = one;
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGTERM');
        const force = setTimeout(() => child.kill('SIGKILL'), endsWithinMs);
        await ended;
        clearTimeout(force);
      }
    },
  };
}

function readyDocument(
  name: string,
  child: ChildProcess,
  ended: Promise<Ended>,
  log: string,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => fail(`was not ready within ${readyWithinMs / 1000} s`), readyWithinMs);
    const fail = (what: string): void => {
      clearTimeout(late);
      reject(new XylemError('E_TIMEOUT', `${name} ${what}; see ${log}`));
    };
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (end < 0) return;
      clearTimeout(late);
      resolve(JSON.parse(text.slice(0, end)));
    });
    void ended.then(({ code, signal }) => fail(`ended with ${code ?? signal}`));
  });
}
