import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DesiredState,
  type EnvironmentId,
  type HostId,
  type HostMapEntry,
  hostMapEntries,
  limits,
  parseDesiredState,
  XylemError,
} from '@xylem/core';
import type { ObjectSource } from '@xylem/store';
import { desiredStateTarget, metadataPath, TufClient } from '@xylem/trust';
import { readRepositoryFile, repositoryPath } from '../publishing/repository-files.ts';
import type { Root } from '../root.ts';
import { readSource } from './read-source.ts';

/** A relay that fails so is not asked for more. */
const unreachable: ReadonlySet<string> = new Set(['E_PARENT_UNREACHABLE', 'E_NETWORK', 'E_TIMEOUT']);

/** What was directed last in an environment, as a relay still holds it. */
export interface FoundDirection {
  readonly snapshotVersion: number;
  readonly state: DesiredState;
  readonly document: string;
  readonly entries: ReadonlyMap<HostId, HostMapEntry>;
}

/**
 * The direction that a relay holds of an environment: this root server's own words from after the backup, verified
 * as every host verifies them, from the root that it has itself. Null where the relay does not hold it whole.
 */
export async function findDirection(
  root: Root,
  source: ObjectSource,
  environment: EnvironmentId,
): Promise<FoundDirection | null> {
  const stateFolder = join(
    root.paths.incoming,
    `find-${environment}-${root.randomness.bytes(6).toString('hex')}`,
  );
  const client = new TufClient({
    id: environment,
    pinnedRoot: await readRepositoryFile(root.repository, environment, metadataPath('root', 1)),
    stateFolder,
    // It is long ago that the lost server signed this, and that is no fault of it: expiry counts from its own time.
    clock: { ...root.clock, now: () => 0 },
    fetchMetadata: (path, maxBytes) => readSource(source, repositoryPath(environment, path), maxBytes),
  });
  try {
    const { state: metadata } = await client.refresh();
    const bytes = await client.readTarget(desiredStateTarget, limits.desiredState);
    if (bytes === null) return null;
    const state = parseDesiredState(bytes);
    const node = async (digest: string) =>
      (await readSource(source, `o/${environment}/${digest}`, limits.hostMapNode)) ?? undefined;
    const entries = new Map<HostId, HostMapEntry>();
    for await (const [host, entry] of hostMapEntries(state.hostMap, node)) entries.set(host, entry);
    return {
      snapshotVersion: metadata.snapshot,
      state,
      document: Buffer.from(bytes).toString(),
      entries,
    };
  } catch (error) {
    if (!(error instanceof XylemError) || unreachable.has(error.code)) throw error;
    if (error.code !== 'E_METADATA_MISSING') {
      root.log.warn('a relay does not hold a direction whole', { environment, source: source.name, error });
    }
    return null;
  } finally {
    await rm(stateFolder, { recursive: true, force: true });
  }
}
