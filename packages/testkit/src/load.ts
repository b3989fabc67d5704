import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { testMain } from './xylem-entry.ts';

/** What became of the requests of one phase. */
export interface LoadFigures {
  readonly sent: number;
  readonly answered: number;
  /** The connection was not accepted. */
  readonly refused: number;
  /** Begun and not answered, or not with 200. */
  readonly lost: number;
  /** On a kept connection that had been ended meanwhile, and so on another one (RFC 9112, 9.3.1). */
  readonly sentAgain: number;
  /** How often each body came. */
  readonly answers: Readonly<Record<string, number>>;
  /** What went wrong, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** From the moment at which each was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Requests that go out whether or not earlier ones were answered. */
export interface Load {
  /** What is sent from now on counts for another phase. */
  mark(phase: string): void;
  /** Sends no more, waits for all answers, and tells what became of them by phase. */
  end(): Promise<Readonly<Record<string, LoadFigures>>>;
  kill(): void;
}

/** A process that sends `perSecond` GET requests to a port of 127.0.0.1, half of them on kept connections. */
export async function startLoad(port: number, perSecond: number): Promise<Load> {
  const main = testMain(new URL('load-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, String(port), String(perSecond)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    mark: (phase) => void child.stdin.write(`mark ${phase}\n`),
    end: async () => {
      child.stdin.write('end\n');
      const { value } = await lines.next();
      if (typeof value !== 'string') throw new Error('the load ended without figures');
      return JSON.parse(value) as Record<string, LoadFigures>;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
