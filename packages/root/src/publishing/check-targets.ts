import { XylemError } from '@xylem/core';
import { checkTargets, readProductDelegations } from '@xylem/trust';

/**
 * Checks new targets metadata of the vendor: signed as root.json says, and delegating what was delegated before and
 * this one product more, so that creating a product can't take another one away.
 * @throws XylemError E_METADATA_SIGNATURE, E_METADATA_INVALID, E_METADATA_ROLLBACK, E_INPUT
 */
export function checkTargetsUpload(upload: {
  readonly root: string;
  readonly current: string;
  readonly uploaded: string;
  readonly product: string;
  readonly domain: string;
  readonly nowMs: number;
}): void {
  const bytes = Buffer.from(upload.uploaded);
  const { nowMs } = upload;
  checkTargets({
    root: Buffer.from(upload.root),
    current: Buffer.from(upload.current),
    uploaded: bytes,
    nowMs,
  });
  const before = readProductDelegations(Buffer.from(upload.current));
  const after = readProductDelegations(bytes);
  const isThere = (product: string, domain: string) =>
    after.some((delegation) => delegation.product === product && delegation.domain === domain);
  const lost = before.find((delegation) => !isThere(delegation.product, delegation.domain));
  if (lost !== undefined) {
    throw new XylemError('E_INPUT', `The targets metadata no longer delegates the product ${lost.product}.`);
  }
  if (!isThere(upload.product, upload.domain)) {
    throw new XylemError(
      'E_INPUT',
      `The targets metadata does not delegate ${upload.product} to p-${upload.domain}.`,
    );
  }
}
