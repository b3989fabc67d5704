import { XylemError } from '@xylem/core';
import { checkTargets, type ProductDelegation, readProductDelegations } from '@xylem/trust';

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
  requireNothingLost(before, after);
  if (!after.some((one) => one.product === upload.product && one.domain === upload.domain)) {
    throw new XylemError(
      'E_INPUT',
      `The targets metadata does not delegate ${upload.product} to p-${upload.domain}.`,
    );
  }
}

/** @throws XylemError E_INPUT */
export function requireNothingLost(
  before: readonly ProductDelegation[],
  after: readonly ProductDelegation[],
): void {
  const lost = before.find(
    (one) => !after.some(({ product, domain }) => product === one.product && domain === one.domain),
  );
  if (lost === undefined) return;
  throw new XylemError('E_INPUT', `The targets metadata no longer delegates the product ${lost.product}.`);
}
