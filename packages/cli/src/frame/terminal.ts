import { createInterface } from 'node:readline/promises';

/** The streams that a command may use. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Long work as it goes on: one line that is rewritten on a terminal, a line at the start and end elsewhere. */
export interface Progress {
  update(state: string): void;
  done(state: string): void;
}

export interface Terminal {
  /** A person can be asked. */
  readonly interactive: boolean;
  /** Part of the answer: stdout, but stderr under `--json`, whose stdout is one document. */
  line(text: string): void;
  /** The answer of a command that stays: its document under `--json`, else its text. */
  ready(data: unknown, text: string): void;
  /** Beside the answer: stderr. */
  note(text: string): void;
  progress(label: string): Progress;
  /** Asks yes or no; only where `interactive`. Anything but yes is no. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

export function createTerminal({ stdin, stdout, stderr }: Streams, json: boolean): Terminal {
  const clearLine = '\r\u001b[K';
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    line: (text) => void (json ? stderr : stdout).write(`${text}\n`),
    ready: (data, text) => void stdout.write(`${json ? JSON.stringify(data) : text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    progress(label) {
      if (stderr.isTTY !== true) {
        stderr.write(`${label}\n`);
        return { update: () => undefined, done: (state) => void stderr.write(`${label}: ${state}\n`) };
      }
      const width = stderr.columns > 0 ? stderr.columns - 1 : 79;
      const show = (state: string): string => clearLine + `${label}: ${state}`.slice(0, width);
      stderr.write(show('…'));
      return {
        update: (state) => void stderr.write(show(state)),
        done: (state) => void stderr.write(`${show(state)}\n`),
      };
    },
    async confirm(question, signal) {
      const asking = createInterface({ input: stdin, output: stderr });
      try {
        const answer = await asking.question(`${question} [y/N] `, { signal });
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        asking.close();
      }
    },
  };
}
