import { readFile, rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { replaceOwned } from '../owned-file.ts';
import type { Router, RouterTools } from '../router.ts';
import { type CommandFor, runRouterCommand } from '../router-command.ts';

export interface NginxPlace extends CommandFor {
  /** What its `upstream` block includes. */
  readonly upstreamFile: string;
  readonly test: readonly string[];
  readonly reload: readonly string[];
}

const heading = '# Written by Xylem';

/**
 * nginx by a file that its `upstream` includes and a reload. What it serves can't be asked of it: while `.pending` lies
 * beside the file, it may not have read the newest.
 */
export function nginxRouter(place: NginxPlace, tools: RouterTools): Router {
  const { component, upstreamFile, test, reload } = place;
  const pending = `${upstreamFile}.pending`;
  const isOurs = (text: string): boolean => text.startsWith(heading);
  const read = (path: string): Promise<string | null> =>
    readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new XylemError('E_ROUTER', `${path} can't be read: ${error.message}`, { cause: error });
    });
  const bring = async (server: string): Promise<void> => {
    if (!/\.(conf|inc)$/.test(upstreamFile)) {
      throw new XylemError('E_ROUTER', `${upstreamFile}: nginx's upstream file must end in .conf or .inc.`);
    }
    const before = await read(upstreamFile);
    await replaceOwned(pending, `${heading}: nginx may not have read ${upstreamFile} yet.\n`, isOurs);
    await replaceOwned(
      upstreamFile,
      `${heading} for the component ${component}, anew at each switch.\nserver ${server};\n`,
      isOurs,
    );
    try {
      await runRouterCommand(test, place, tools);
    } catch (error) {
      // What it serves goes on; a reload by somebody else must not meet what it would refuse.
      if (before !== null) await replaceOwned(upstreamFile, before, isOurs);
      else await rm(upstreamFile, { force: true });
      throw error;
    }
    await runRouterCommand(reload, place, tools);
    await rm(pending, { force: true });
  };
  return {
    show: async () => {
      if ((await read(pending)) !== null) return null;
      const port = /^server 127\.0\.0\.1:(\d+);$/m.exec((await read(upstreamFile)) ?? '')?.[1];
      return port === undefined ? null : Number(port);
    },
    route: (port) => bring(`127.0.0.1:${port}`),
    connections: async () => null,
    release: async () => {
      if ((await read(upstreamFile)) !== null) await bring('127.0.0.1:9 down');
    },
  };
}
