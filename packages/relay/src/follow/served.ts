import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DesiredState,
  type Digest,
  type EnvironmentId,
  isEnvironmentId,
  parseDesiredState,
} from '@xylem/core';
import type { Log } from '@xylem/platform';
import { readSmallFile, writeSmallFile } from '../state/small-file.ts';

/** What children are given of an environment, and were given before. */
export interface Served {
  /** Version of the direction snapshot; 0: nothing yet. */
  readonly snapshot: number;
  /** The state of that snapshot first, then the one before. */
  readonly states: readonly DesiredState[];
  /** The last versions, newest first: what their news files are made from. */
  readonly history: readonly ServedVersion[];
}

export interface ServedVersion {
  readonly snapshot: number;
  /** Of all its small files but the nodes of the host map, of which a large environment has thousands. */
  readonly paths: readonly string[];
  /** Nodes that the version before lacks and the newest one still has; absent: not known, or too many for a news file. */
  readonly nodes?: readonly Digest[];
}

export const nothingServed: Served = { snapshot: 0, states: [], history: [] };

const format = 'xylem-relay-served-1';
const maxBytes = 64 * 1024 * 1024;

/** One file for each environment, replaced before its timestamp is: rights and retention never know less than children may see. */
export class ServedFiles {
  readonly #folder: string;
  readonly #log: Log;

  constructor(folder: string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  /** A damaged file counts as nothing served: the environment is fetched again, objects that are there are kept. */
  async read(environment: EnvironmentId): Promise<Served> {
    const bytes = await readSmallFile(this.#path(environment), maxBytes);
    if (bytes === null) return nothingServed;
    try {
      const { snapshot, states, history } = JSON.parse(bytes.toString()) as Served;
      if (!Number.isSafeInteger(snapshot) || !Array.isArray(history)) throw new Error('not its format');
      return {
        snapshot,
        states: states.map((state) => parseDesiredState(state)),
        history: history.map((version) => withoutNodes(environment, version)),
      };
    } catch (error) {
      this.#log.warn('record of what is served is damaged', { environment, error });
      return nothingServed;
    }
  }

  async write(environment: EnvironmentId, served: Served): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeSmallFile(this.#path(environment), JSON.stringify({ format, ...served }));
  }

  async remove(environment: EnvironmentId): Promise<void> {
    await rm(this.#path(environment), { force: true });
  }

  async list(): Promise<EnvironmentId[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.map((name) => name.replace(/\.json$/, '')).filter(isEnvironmentId);
  }

  #path(environment: EnvironmentId): string {
    return join(this.#folder, `${environment}.json`);
  }
}

/** Earlier records name all nodes among the paths. */
function withoutNodes(environment: EnvironmentId, version: ServedVersion): ServedVersion {
  return { ...version, paths: version.paths.filter((path) => !path.startsWith(`o/${environment}/`)) };
}
