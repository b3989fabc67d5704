import { XylemError } from '@xylem/core';
import type { Router, RouterTools } from '../router.ts';
import { runCommand } from '../run-command.ts';

export interface CommandPlace {
  /** Prints the port that it leads to, or nothing. */
  readonly show: readonly string[];
  /** Filled for a port. */
  readonly switchTo: (port: number) => readonly string[];
  readonly folder: string;
}

const commandMs = 30_000;

/** Any other router, by two commands of the package. */
export function commandRouter({ show, switchTo, folder }: CommandPlace, { signal }: RouterTools): Router {
  const run = async (command: readonly string[]): Promise<string> => {
    const { fault, stdout, output } = await runCommand(command, {
      cwd: folder,
      timeoutMs: commandMs,
      signal,
    });
    if (fault === null) return stdout.trim();
    throw new XylemError('E_ROUTER', `${command.join(' ')}: ${fault}: ${output.slice(-1_500).trim()}`);
  };
  return {
    show: async () => {
      const said = await run(show);
      if (said === '') return null;
      if (/^[1-9]\d{0,4}$/.test(said)) return Number(said);
      throw new XylemError(
        'E_ROUTER',
        `${show.join(' ')}: expected a port or nothing, got ${JSON.stringify(said.slice(0, 200))}.`,
      );
    },
    route: async (port) => {
      await run(switchTo(port));
    },
    connections: async () => null,
    release: async () => undefined,
  };
}
