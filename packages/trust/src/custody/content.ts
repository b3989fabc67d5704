import { isDigest } from '@xylem/core';
import { productRoleName } from '../tuf/names.ts';
import { invalidMetadata, parseTargets } from '../tuf/parse.ts';
import { isBinOf, readDelegates } from '../tuf/write/delegates.ts';
import type { ProductRoleContent, RoleFiles, TargetDigest } from '../tuf/write/product-role.ts';
import type { ProductDelegation } from '../tuf/write/targets.ts';
import { productRulesOf } from '../tuf/xylem-field.ts';

/**
 * What drafts of a product's role say, unsigned as they are. For what is signed use `readProductRole`.
 * @throws XylemError E_METADATA_INVALID
 */
export function contentOf(product: ProductDelegation, files: RoleFiles): ProductRoleContent {
  const name = productRoleName(product.domain);
  const bytes = files.get(name);
  const releases = new Map<string, TargetDigest>();
  const channels = new Map<string, TargetDigest>();
  if (bytes === undefined) return { releases, channels };
  const { metadata } = parseTargets(bytes, name);
  const { signed } = metadata;
  const parts = [signed];
  for (const bin of Object.keys(signed.delegations?.roles ?? {})) {
    if (!isBinOf(name, bin)) continue;
    const binBytes = files.get(bin);
    if (binBytes !== undefined) parts.push(parseTargets(binBytes, bin).metadata.signed);
  }
  for (const part of parts) {
    for (const [path, target] of Object.entries(part.targets)) {
      const { sha256 } = target.hashes;
      const kind = ['release', 'channel'].find((one) => path.startsWith(`${one}/${product.product}/`));
      if (kind === undefined || sha256 === undefined || !isDigest(sha256)) {
        throw invalidMetadata(name, `it may not vouch for ${path.slice(0, 200)}`);
      }
      (kind === 'release' ? releases : channels).set(path, { length: target.length, sha256 });
    }
  }
  const delegates = readDelegates(product, metadata);
  return { releases, channels, ...productRulesOf(signed), ...(delegates.length === 0 ? {} : { delegates }) };
}
