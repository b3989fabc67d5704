import {
  agentComponent,
  agentProduct,
  type DesiredState,
  type Digest,
  installObjects,
  type PackageDocument,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { packageOfDigest } from '../publishing/stored-packages.ts';

/** `domain/digest` of all that machines may fetch which are no hosts of the environment yet. */
export async function installOf(db: Database, state: DesiredState): Promise<ReadonlySet<string>> {
  const found = await agentsOf(db, state);
  return new Set(
    found.flatMap(({ domain, document }) =>
      installObjects(document).map(({ digest }) => `${domain}/${digest}`),
    ),
  );
}

/**
 * The script that makes a machine a host with the agent that the environment settled on; null where its direction names
 * none that can be installed so.
 */
export async function installScript(
  db: Database,
  state: DesiredState | null,
): Promise<{ readonly domain: string; readonly script: Digest; readonly version: string } | null> {
  // What is under way stands before what is settled.
  const found = state === null ? undefined : (await agentsOf(db, state)).at(-1);
  const { domain = '', document: { install, version } = {} } = found ?? {};
  return install === undefined || version === undefined
    ? null
    : { domain, script: install.script.digest, version };
}

interface Agent {
  readonly domain: string;
  readonly document: PackageDocument;
}

async function agentsOf(db: Database, state: DesiredState): Promise<Agent[]> {
  const domain = state.products[agentProduct]?.domain;
  const found: Agent[] = [];
  if (domain === undefined) return found;
  for (const { product, component, package: digest } of state.assignments) {
    if (product !== agentProduct || component !== agentComponent) continue;
    const document = await packageOfDigest(db, product, digest);
    if (document !== null) found.push({ domain, document });
  }
  return found;
}
