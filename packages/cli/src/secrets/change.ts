import { XylemError } from '@xylem/core';
import type { Secrets } from '@xylem/root/contract';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { counted } from '../frame/words.ts';
import { environmentParams } from '../selection/environments.ts';
import { heldDataKey, nextDataKey } from './holder.ts';
import { holderHere, sealAnew } from './values.ts';
import { type Pending, pendingHosts, wrapFor } from './wraps.ts';

export interface Opened {
  readonly api: Api;
  readonly params: { readonly tenant: string; readonly environment: string };
  readonly secrets: Secrets;
}

export async function readSecrets(invocation: Invocation, word: string): Promise<Opened> {
  const api = await invocation.api();
  const params = await environmentParams(api, word);
  return { api, params, secrets: await api.call('secretsShow', { params }) };
}

/**
 * Names the hosts that are about to get the key: which of them ought to have it nobody else can say.
 * @throws XylemError E_CONFIRMATION
 */
export async function confirmHosts(
  { terminal, signal }: Invocation,
  { environment }: Secrets,
  { ready, refused }: Pending,
  yes: boolean,
): Promise<void> {
  for (const { name, why } of refused) terminal.note(`${name} gets no key: ${why}`);
  if (ready.length === 0) return;
  const names = ready.map(({ name, id }) => `${name} (${id.slice(0, 8)})`).join(', ');
  const sentence = `Gives the key of ${environment.name} to ${counted(ready.length, 'host')}: ${names}.`;
  terminal.note(sentence);
  if (yes) return;
  if (!terminal.interactive) {
    throw new XylemError('E_CONFIRMATION', `${sentence} Giving a key away needs a confirmation: --yes.`);
  }
  if (!(await terminal.confirm('Are all of them yours?', signal))) {
    throw new XylemError('E_CONFIRMATION', 'It was not confirmed, and no key was given.');
  }
}

/** Another generation: every value anew, for the hosts that are there now. */
export async function rotate(invocation: Invocation, opened: Opened, yes: boolean): Promise<Secrets> {
  const { api, params, secrets } = opened;
  // Where nothing is sealed nothing need be opened: so a lost key is replaced.
  const from = secrets.values.length === 0 ? null : await heldDataKey(invocation.home, secrets);
  const pending = pendingHosts(secrets, true);
  const fresh = { ...pending, ready: pending.ready.filter(({ wrapped }) => !wrapped) };
  // Who has the present key was confirmed before.
  await confirmHosts(invocation, secrets, fresh, yes);
  const to = await nextDataKey(invocation.home, secrets);
  return await api.call('secretsChange', {
    params,
    body: {
      revision: secrets.revision,
      generation: { number: to.generation, recipient: to.identity.recipient, holder: holderHere() },
      set: from === null ? [] : await sealAnew(secrets, from, to),
      remove: [],
      wraps: await wrapFor(secrets, pending.ready, to),
    },
  });
}

/** The present key for hosts that came since. @returns null where nobody lacks it */
export async function wrapPending(
  invocation: Invocation,
  { api, params, secrets }: Opened,
  yes: boolean,
): Promise<{ secrets: Secrets; names: string[] } | null> {
  const pending = pendingHosts(secrets, false);
  if (pending.ready.length === 0) {
    for (const { name, why } of pending.refused) invocation.terminal.note(`${name} gets no key: ${why}`);
    return null;
  }
  const data = await heldDataKey(invocation.home, secrets);
  await confirmHosts(invocation, secrets, pending, yes);
  const wraps = await wrapFor(secrets, pending.ready, data);
  const body = { revision: secrets.revision, set: [], remove: [], wraps };
  return {
    secrets: await api.call('secretsChange', { params, body }),
    names: pending.ready.map(({ name }) => name),
  };
}
