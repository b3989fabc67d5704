import { XylemError } from '@xylem/core';
import { runForComponent } from '../commands/component-run.ts';
import { lastWords } from '../commands/record.ts';
import type { RouterTools } from './router.ts';

/** A component whose router is asked and told by commands of its package, in this folder. */
export interface CommandFor {
  readonly component: string;
  readonly folder: string;
}

const commandMs = 30_000;

/** @returns what it said, trimmed. @throws XylemError E_ROUTER with what it printed */
export async function runRouterCommand(
  command: readonly string[],
  { component, folder }: CommandFor,
  tools: RouterTools,
): Promise<string> {
  const run = { what: 'router', command, workingFolder: folder, timeoutMs: commandMs };
  const { fault, answer, output } = await runForComponent(component, run, tools);
  if (fault === null) return answer.trim();
  throw new XylemError('E_ROUTER', `${command.join(' ')} ${fault}: ${lastWords(output, 1_500)}`);
}
