import { lifetimes } from '@xylem/core';

/** How long each kind of metadata lives from its signing (docs/spec/lifetimes.md). */
export const metadataLifetimeMs = {
  timestamp: lifetimes.timestampMs,
  snapshot: lifetimes.snapshotMs,
  director: lifetimes.directorMs,
  targets: lifetimes.productRoleMs,
  productRole: lifetimes.productRoleMs,
  root: lifetimes.rootRoleMs,
} as const;
