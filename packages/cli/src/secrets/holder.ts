import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Secrets } from '@xylem/root/contract';
import { type AgeIdentity, dataIdentityOf } from '@xylem/trust';
import type { Home } from '../home/home.ts';
import { makeKey, newPassphrase, openHeld, readKeyRing } from '../publishing/key-ring.ts';

/** A generation's data identity, as this person holds it. */
export interface DataKey {
  readonly generation: number;
  readonly identity: AgeIdentity;
}

const folderOf = (home: Home): string => join(home.folder, 'secrets');
const labelOf = (name: string, generation: number): string => `${name}-${generation}`;

/**
 * The data identity of the newest generation.
 * @throws XylemError E_KEY_INVALID naming the holder where it does not lie here
 */
export async function heldDataKey(home: Home, secrets: Secrets): Promise<DataKey> {
  const { generation, environment } = secrets;
  if (generation === null) {
    throw new XylemError(
      'E_NOT_FOUND',
      `${environment.name} has no secrets yet. \`xylem secret set\` begins.`,
    );
  }
  const label = labelOf(environment.name, generation.number);
  for (const held of await readKeyRing(folderOf(home))) {
    if (held.what !== label) continue;
    const identity = dataIdentityOf(await openHeld(held));
    // What the root server names as recipient is never sealed for: only what follows from the key that lies here.
    if (identity.recipient === generation.recipient) return { generation: generation.number, identity };
  }
  throw new XylemError(
    'E_KEY_INVALID',
    `${folderOf(home)} does not hold the key of generation ${generation.number} of ${environment.name}; ${generation.holder} does.`,
  );
}

/** Makes the next generation's data identity, and saves it before anything is sealed for it. */
export async function nextDataKey(home: Home, secrets: Secrets): Promise<DataKey> {
  const folder = folderOf(home);
  const { name } = secrets.environment;
  const prefix = `${name}-`;
  // A root server that was restored, or lies, may count lower than what was made here.
  const here = (await readKeyRing(folder))
    .filter(({ what }) => what.startsWith(prefix))
    .map(({ what }) => Number(what.slice(prefix.length)))
    .filter(Number.isSafeInteger);
  const generation = Math.max(0, secrets.generation?.number ?? 0, ...here) + 1;
  const label = labelOf(name, generation);
  const key = await makeKey(folder, label, await newPassphrase(folder, label, true));
  return { generation, identity: dataIdentityOf(key) };
}
