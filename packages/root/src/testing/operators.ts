import { encodeOperators, type Operators, operatorsPayloadType, toB64u } from '@xylem/core';
import { type KeyPair, signDocument } from '@xylem/trust';
import type { RootFixture } from './root-fixture.ts';

/** Gives an environment one operator with this key. @returns its names, as the API's paths have them */
export async function operatorsOf(
  root: RootFixture,
  { id, name }: { readonly id: string; readonly name: string },
  key: KeyPair,
) {
  const document: Operators = {
    format: 'xylem-operators-1',
    environment: id as Operators['environment'],
    number: 1,
    threshold: 1,
    keys: [{ public: toB64u(key.public), name: 'anna' }],
  };
  const envelope = await signDocument(operatorsPayloadType, encodeOperators(document), [key]);
  const [tenant = '', environment = ''] = name.split('/');
  const params = { tenant, environment };
  await root.api('operatorsTake', { params, body: { envelope: envelope as never } });
  return params;
}
