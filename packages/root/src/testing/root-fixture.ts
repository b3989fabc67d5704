import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Clock, silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { removeLater, tempFolder } from '@xylem/testkit';
import { generateKey, type KeyPair } from '@xylem/trust';
import { initRoot } from '../init.ts';
import { type RunningRoot, runRoot } from '../run.ts';
import type { RootConfig } from '../state/folder.ts';
import { type ApiClient, apiClient } from './api-client.ts';

export interface RootFixture {
  readonly folder: string;
  /** Of the root server and of those who speak with it. */
  readonly clock: Clock;
  readonly token: string;
  readonly vendor: { readonly rootKey: KeyPair; readonly targetsKey: KeyPair };
  readonly running: () => RunningRoot;
  readonly api: ApiClient;
  /** Stops it and starts it again over the same folder, its API at this port (default: any). */
  restart(port?: number): Promise<void>;
}

export interface RootFixtureOptions {
  readonly clock?: Clock;
  /** Must not exist. */
  readonly folder?: string;
  readonly database?: RootConfig['database'];
  /** Default: none, so no patches are made. */
  readonly patchMaker?: readonly string[];
}

/** A real root server on ports of its own, removed at the end of the test. */
export async function rootFixture(
  t: Pick<TestContext, 'after'>,
  options: RootFixtureOptions = {},
): Promise<RootFixture> {
  const { clock = systemClock, folder = join(await tempFolder(t, 'root'), 'state'), database } = options;
  const vendor = { rootKey: generateKey(), targetsKey: generateKey() };
  const { operatorToken } = await initRoot({
    stateFolder: folder,
    clock,
    randomness: systemRandomness,
    vendor,
    ...(database === undefined ? {} : { database }),
  });
  if (operatorToken === null) throw new Error('a new folder gives a token');
  const { patchMaker } = options;
  let running = await run(folder, clock, 0, patchMaker);
  removeLater(t, () => running.close());
  return {
    folder,
    clock,
    token: operatorToken,
    vendor,
    running: () => running,
    api: apiClient(() => running.apiUrl, operatorToken),
    restart: async (port) => {
      await running.close();
      running = await run(folder, clock, port, patchMaker);
    },
  };
}

export function run(
  folder: string,
  clock: Clock = systemClock,
  port = 0,
  patchMaker?: readonly string[],
): Promise<RunningRoot> {
  return runRoot({
    ...(patchMaker === undefined ? {} : { patchMaker }),
    stateFolder: folder,
    api: { host: '127.0.0.1', port },
    nodes: { host: '127.0.0.1', port: 0 },
    clock,
    randomness: systemRandomness,
    log: silentLog,
  });
}

/** Writes files below a folder. */
export async function writeTree(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
