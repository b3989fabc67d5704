import { type EnvironmentId, type HostId, XylemError } from '@xylem/core';
import type { Secrets, SecretsChange } from '@xylem/root/contract';
import { checkRecipient, wrapDataKey } from '@xylem/trust';
import type { DataKey } from './holder.ts';

type HostSecrets = Secrets['hosts'][number];

/** What is to be wrapped, and what can't be: hosts that named no recipient, or not by their own word. */
export interface Pending {
  readonly ready: readonly HostSecrets[];
  readonly refused: readonly { readonly name: string; readonly why: string }[];
}

/** Hosts that lack the key of the newest generation (`all`: every host), each recipient checked. Pure. */
export function pendingHosts(secrets: Secrets, all: boolean): Pending {
  const ready: HostSecrets[] = [];
  const refused: { name: string; why: string }[] = [];
  for (const host of secrets.hosts) {
    if (host.wrapped && !all) continue;
    if (host.statement === null) {
      refused.push({
        name: host.name,
        why: 'it has not reported yet, or runs an agent that knows no secrets',
      });
      continue;
    }
    try {
      const environment = secrets.environment.id as EnvironmentId;
      checkRecipient({ host: host.id as HostId, environment }, host.statement);
      ready.push(host);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      refused.push({ name: host.name, why: error.message });
    }
  }
  return { ready, refused };
}

/** The data key for each of these hosts, whose recipients were checked. */
export async function wrapFor(
  secrets: Secrets,
  hosts: readonly HostSecrets[],
  { generation, identity }: DataKey,
): Promise<SecretsChange['wraps']> {
  const wraps: SecretsChange['wraps'] = [];
  for (const { id, statement } of hosts) {
    if (statement === null) continue;
    const { recipient } = statement;
    const place = { environment: secrets.environment.id as EnvironmentId, generation, host: id as HostId };
    wraps.push({ host: id, generation, recipient, age: await wrapDataKey(place, identity, recipient) });
  }
  return wraps;
}
