import { XylemError } from '@xylem/core';
import type { Router, RouterTools } from '../router.ts';
import { type CommandFor, runRouterCommand } from '../router-command.ts';

export interface CommandPlace extends CommandFor {
  /** Prints the port that it leads to, or nothing. */
  readonly show: readonly string[];
  /** Filled for a port. */
  readonly switchTo: (port: number) => readonly string[];
}

/** Any other router, by two commands of the package. */
export function commandRouter({ show, switchTo, ...its }: CommandPlace, tools: RouterTools): Router {
  return {
    show: async () => {
      const said = await runRouterCommand(show, its, tools);
      if (said === '') return null;
      if (/^[1-9]\d{0,4}$/.test(said)) return Number(said);
      throw new XylemError(
        'E_ROUTER',
        `${show.join(' ')}: expected a port or nothing, got ${JSON.stringify(said.slice(0, 200))}.`,
      );
    },
    route: async (port) => {
      await runRouterCommand(switchTo(port), its, tools);
    },
    connections: async () => null,
    release: async () => undefined,
  };
}
