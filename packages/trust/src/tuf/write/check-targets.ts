import { limits, XylemError } from '@xylem/core';
import { metadataPath } from '../names.ts';
import { expiresMs, invalidMetadata, parseRoot, parseTargets, verifySigned } from '../parse.ts';
import { checkVersion } from './check-version.ts';
import type { SignedRole } from './metadata.ts';
import { type ProductDelegation, readProductDelegations } from './targets.ts';

/**
 * Checks an uploaded targets role of a release repository before it is made current: signed as the root says, newer,
 * unexpired, with delegations to products only.
 * @param options.current the present one, null for a new repository
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_ROLLBACK, E_METADATA_INVALID, E_METADATA_EXPIRED, E_TOO_LARGE
 */
export function checkTargets(options: {
  readonly root: Uint8Array;
  readonly current: Uint8Array | null;
  readonly uploaded: Uint8Array;
  readonly nowMs: number;
}): SignedRole & { readonly products: readonly ProductDelegation[] } {
  const { root, current, uploaded, nowMs } = options;
  if (uploaded.length > limits.metadata) {
    throw new XylemError('E_TOO_LARGE', 'The targets metadata is too large.');
  }
  const products = checkedDelegations(root, uploaded);
  const { signed } = parseTargets(uploaded).metadata;
  const delegated = Object.keys(signed.delegations?.roles ?? {});
  if (Object.keys(signed.targets).length > 0 || delegated.length !== products.length) {
    throw invalidMetadata('targets', 'it holds something other than delegations to products');
  }
  if (new Set(products.map((entry) => entry.product)).size !== products.length) {
    throw invalidMetadata('targets', 'it delegates a product twice');
  }
  checkVersion('targets', signed.version, current, nowMs);
  if (expiresMs(signed) <= nowMs)
    throw new XylemError('E_METADATA_EXPIRED', 'The targets metadata has expired.');
  const file = { path: metadataPath('targets', signed.version), bytes: uploaded };
  return { role: 'targets', version: signed.version, file, products };
}

/**
 * The products that a targets role delegates, once it is proved that the root's targets keys signed it: for a
 * publisher, who gets both from a server and pins only the repository's id.
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_INVALID
 */
export function checkedDelegations(root: Uint8Array, targets: Uint8Array): ProductDelegation[] {
  const rootMetadata = parseRoot(root).metadata;
  verifySigned(rootMetadata, 'root', root);
  parseTargets(targets, 'targets', rootMetadata);
  return readProductDelegations(targets);
}
