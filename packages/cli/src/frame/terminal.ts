import { createInterface } from 'node:readline/promises';
import { printable, printableLine } from './printable.ts';

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
  /** `liveOnly`: nothing where nobody looks, because lines tell the same. */
  progress(label: string, liveOnly?: boolean): Progress;
  /** Leaves a line of progress that was not done: what is said next begins on a line of its own. */
  leaveProgress(): void;
  /** Asks yes or no; only where `interactive`. Anything but yes is no. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
}

export function createTerminal({ stdin, stdout, stderr }: Streams, json: boolean): Terminal {
  const clearLine = '\r\u001b[K';
  /** The line of progress that stands there now: what is said meanwhile goes above it. */
  let standing = '';
  const say = (stream: NodeJS.WriteStream, text: string): void => {
    if (standing !== '') stderr.write(clearLine);
    stream.write(`${printable(text)}\n`);
    if (standing !== '') stderr.write(standing);
  };
  return {
    interactive: stdin.isTTY === true && stderr.isTTY === true,
    line: (text) => say(json ? stderr : stdout, text),
    ready: (data, text) => void stdout.write(`${json ? JSON.stringify(data) : printable(text)}\n`),
    note: (text) => say(stderr, text),
    progress(label, liveOnly = false) {
      if (stderr.isTTY !== true) {
        if (liveOnly) return { update: () => undefined, done: () => undefined };
        say(stderr, label);
        return { update: () => undefined, done: (state) => say(stderr, `${label}: ${state}`) };
      }
      const show = (state: string): void => {
        const width = stderr.columns > 0 ? stderr.columns - 1 : 79;
        standing = printableLine(`${label}: ${state}`).slice(0, width);
        stderr.write(clearLine + standing);
      };
      show('…');
      return {
        update: show,
        done: (state) => {
          show(state);
          standing = '';
          stderr.write('\n');
        },
      };
    },
    leaveProgress() {
      if (standing !== '') stderr.write('\n');
      standing = '';
    },
    async confirm(question, signal) {
      const asking = createInterface({ input: stdin, output: stderr });
      try {
        // Who ends the input (Ctrl-D) has not said yes.
        const closed = new Promise<string>((resolve) => asking.once('close', () => resolve('')));
        const answer = await Promise.race([asking.question(`${question} [y/N] `, { signal }), closed]);
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        asking.close();
      }
    },
  };
}
