import { type EnvironmentSpec, XylemError } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';
import { issuerOf } from '@xylem/trust';

type Provenance = EnvironmentSpec['policy']['provenance'];

/** Found when it is written, not at the next deployment. @throws XylemError E_INPUT at the place of a key that is none */
export function refuseBadStatementKeys(yaml: string, name: string, { policy }: EnvironmentSpec): void {
  const bad = badStatementKey(policy.provenance);
  if (bad !== null) throw yamlFault(yaml, name, ['policy', 'provenance', ...bad.path], bad.clause);
}

/** The first key that is none, by its place below `provenance`; null: each can be read. */
export function badStatementKey(
  provenance: Provenance,
): { readonly path: readonly (string | number)[]; readonly clause: string } | null {
  const index = (provenance?.require ?? []).findIndex(({ key }) => !isKey(key));
  return index < 0
    ? null
    : {
        path: ['require', index, 'key'],
        clause: 'a public key of Ed25519, ECDSA P-256 or ECDSA P-384 in PEM',
      };
}

function isKey(key: string): boolean {
  try {
    issuerOf(key);
    return true;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return false;
  }
}
