import { type Operators, type Signing, toB64u } from '@xylem/core';
import { type OpenSigning, type PublicKey, readOperators, readSigning, signDocument } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { environmentParams } from '../selection/environments.ts';

/** The operators of an environment, as the root server has them. */
export interface PresentOperators {
  readonly api: Api;
  readonly params: { readonly tenant: string; readonly environment: string };
  readonly environment: Signing['environment'];
  /** Null before the first. */
  readonly current: Operators | null;
  readonly envelope: Signing['operators'];
}

export async function readPresent(api: Api, word: string): Promise<PresentOperators> {
  const params = await environmentParams(api, word);
  const { environment, documents } = await api.call('operatorsShow', { params });
  const ref = environment as Signing['environment'];
  const envelope = documents.at(-1)?.envelope ?? null;
  const current = envelope === null ? null : readOperators(envelope, ref.id).operators;
  return { api, params, environment: ref, current, envelope };
}

/** What is to be signed, by nobody yet. */
export async function unsignedDocument(
  { environment, envelope }: PresentOperators,
  payloadType: string,
  payload: Uint8Array,
): Promise<OpenSigning> {
  const document = await signDocument(payloadType, payload, []);
  return readSigning({ format: 'xylem-signing-1', environment, operators: envelope, document });
}

export interface NamedKey extends PublicKey {
  readonly name: string;
}

export const namedKeys = ({ keys }: Operators, ids: readonly PublicKey[]): NamedKey[] =>
  ids.map((key, at) => ({ ...key, name: keys[at]?.name ?? '' }));

export const inDocument = (keys: readonly NamedKey[]): Operators['keys'] =>
  keys.map(({ public: raw, name }) => ({ public: toB64u(raw), name }));
