import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Invocation, Outcome } from '../../frame/define.ts';

interface DemoOptions {
  readonly check: boolean;
  readonly state: string | undefined;
  readonly port: number | undefined;
}

/** The demo comes with a checkout: its program lies beside `dist/` (or above `packages/cli/src/`). */
function demoProgram(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, 'demo', 'main.ts');
    if (existsSync(file)) return file;
  }
  throw new XylemError(
    'E_NOT_FOUND',
    'The demo comes with a checkout of Xylem and is not part of this installation.',
  );
}

/** Runs the demo as a program of its own, which starts this one for every node. */
export async function runDemo(
  { self: [node, entry = ''], signal }: Pick<Invocation, 'self' | 'signal'>,
  { check, state, port }: DemoOptions,
): Promise<Outcome> {
  const words = [
    ...(check ? ['--check'] : []),
    ...(state === undefined ? [] : ['--state', state]),
    ...(port === undefined ? [] : ['--port', String(port)]),
  ];
  // In a group of its own: Ctrl-C is passed on once, and the demo ends what it started in order.
  const child = spawn(node, [demoProgram(entry), entry, ...words], { stdio: 'inherit', detached: true });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { data: { exitCode }, text: '', exitCode };
}
