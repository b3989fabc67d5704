import { type EnvironmentSpec, XylemError } from '@xylem/core';
import { yamlFault } from '@xylem/core/yaml';
import { issuerOf } from '@xylem/trust';

/** Found when it is written, not at the next deployment. @throws XylemError E_INPUT at the place of a key that is none */
export function refuseBadStatementKeys(yaml: string, name: string, { policy }: EnvironmentSpec): void {
  for (const [index, { key }] of (policy.provenance?.require ?? []).entries()) {
    try {
      issuerOf(key);
    } catch (error) {
      if (!(error instanceof XylemError)) throw error;
      const at = ['policy', 'provenance', 'require', index, 'key'];
      throw yamlFault(
        yaml,
        name,
        at as string[],
        'a public key of Ed25519, ECDSA P-256 or ECDSA P-384 in PEM',
      );
    }
  }
}
