const dayMs = 24 * 3600 * 1000;

/** How long each kind of metadata lives from its signing (docs/spec/lifetimes.md). */
export const metadataLifetimeMs = {
  timestamp: 7 * dayMs,
  snapshot: 30 * dayMs,
  director: 30 * dayMs,
  targets: 365 * dayMs,
  productRole: 365 * dayMs,
  root: 3653 * dayMs,
} as const;

/** Most bytes that a reader takes (docs/spec/lifetimes.md). */
export const metadataMaxBytes = {
  root: 512 * 1024,
  timestamp: 64 * 1024,
  snapshot: 32 * 1024 * 1024,
  targets: 32 * 1024 * 1024,
} as const;
