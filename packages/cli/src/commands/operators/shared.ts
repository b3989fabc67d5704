import { encodeOperators, operatorsPayloadType, parsePublicKeyFile, XylemError } from '@xylem/core';
import { flag, type Invocation, type Outcome, text } from '../../frame/define.ts';
import { readGiven, shortBytes } from '../../frame/given.ts';
import {
  inDocument,
  type NamedKey,
  type PresentOperators,
  unsignedDocument,
} from '../../operators/present.ts';
import { signAndSend } from '../../operators/sign.ts';
import { publicKeyIn } from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { holderHere } from '../../secrets/values.ts';

export const signingOptions = {
  out: text('<file>', 'write it into a file, to be signed on several machines'),
  yes: flag('do not ask whether what is shown shall be signed'),
};

/** Keys of other machines, each with the word that its file says of it. */
export async function readNamedKeys(files: readonly string[]): Promise<NamedKey[]> {
  return await Promise.all(
    files.map(async (file) => {
      const bytes = await readGiven(file, shortBytes);
      return { ...publicKeyIn(bytes, file), name: parsePublicKeyFile(bytes).what };
    }),
  );
}

/** A new key of this machine. */
export async function newOperatorKey(invocation: Invocation, environment: string): Promise<NamedKey> {
  const key = await createKey(invocation.home.keysFolder, `${environment} operator`, { ask: true });
  return { ...key, name: holderHere() };
}

/** Signs the operators that follow, and sends them or writes them out. @throws XylemError E_INPUT */
export async function setOperators(
  invocation: Invocation,
  present: PresentOperators,
  keys: readonly NamedKey[],
  threshold: number,
  options: { readonly out: string | undefined; readonly yes: boolean },
): Promise<Outcome> {
  const { environment, current, api } = present;
  if (threshold > keys.length) {
    throw new XylemError('E_INPUT', `${threshold} keys must sign, and there are ${keys.length}.`);
  }
  const payload = encodeOperators({
    format: 'xylem-operators-1',
    environment: environment.id,
    number: (current?.number ?? 0) + 1,
    threshold,
    keys: inDocument(keys),
  });
  const open = await unsignedDocument(present, operatorsPayloadType, payload);
  return await signAndSend(invocation, {
    api,
    open,
    ...options,
    done: `From now on a quarantine in ${environment.name} is lifted by ${threshold} of ${keys.length} operator keys. Keep a copy of yours elsewhere.`,
    data: {
      environment: environment.name,
      threshold,
      keys: keys.map(({ keyId, name }) => ({ key: keyId, name })),
    },
  });
}
