import { hostname, userInfo } from 'node:os';
import type { EnvironmentId } from '@xylem/core';
import type { Randomness } from '@xylem/platform';
import type { Secrets, SecretsChange } from '@xylem/root/contract';
import { openValue, sealValue } from '@xylem/trust';
import type { DataKey } from './holder.ts';

/** Who can wrap, in words that a host says while it waits. */
export function holderHere(): string {
  return `${userInfo().username}@${hostname()}`.replace(/\p{Cc}/gu, '').slice(0, 100);
}

/** One value sealed by this generation; `version` absent: it is another one than before. */
export async function sealFor(
  secrets: Secrets,
  name: { readonly component: string; readonly key: string },
  value: string,
  { generation, identity }: DataKey,
  given: { readonly randomness: Randomness } | { readonly version: string },
): Promise<SecretsChange['set'][number]> {
  const place = { environment: secrets.environment.id as EnvironmentId, ...name };
  const version =
    'version' in given ? given.version : Buffer.from(given.randomness.bytes(16)).toString('hex');
  const kept = { generation, version, holder: holderHere() };
  return { ...name, sealed: await sealValue(place, value, kept, identity.recipient) };
}

/** Every value under another generation: opened here, in memory, each only where it belongs. */
export async function sealAnew(secrets: Secrets, from: DataKey, to: DataKey): Promise<SecretsChange['set']> {
  const set: SecretsChange['set'] = [];
  for (const { component, key, sealed } of secrets.values) {
    const place = { environment: secrets.environment.id as EnvironmentId, component, key };
    const value = await openValue(place, sealed, from.identity);
    set.push(await sealFor(secrets, { component, key }, value, to, { version: sealed.version }));
  }
  return set;
}
