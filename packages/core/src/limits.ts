/** The limits of docs/spec/lifetimes.md, in bytes unless the name says otherwise. A reader stops there and refuses. */
const KiB = 1024;
const MiB = 1024 * KiB;

export const limits = {
  rootMetadata: 512 * KiB,
  timestamp: 64 * KiB,
  /** Snapshot, targets, delegated roles. */
  metadata: 32 * MiB,
  desiredState: 16 * MiB,
  release: 4 * MiB,
  channel: 64 * KiB,
  package: 1 * MiB,
  hostMapNode: 1 * MiB,
  /** What may be said to one host: sixteen of them and their pins fit into a node. */
  hostMapEntry: 60 * KiB,
  /** Decompressed. */
  offer: 64 * MiB,
  /** Decompressed. */
  newsFile: 32 * MiB,
  /** Decompressed. */
  hostMapFile: 32 * MiB,
  newsAnswer: 16 * MiB,
  tree: 1024 * MiB,
  /** Bytes of frames after which a pack is closed; one frame may end above it. */
  packFrames: 64 * MiB,
  /** A pack without its index. */
  pack: 66 * MiB,
  /** Of a pack's index, decompressed. */
  packIndex: 16 * MiB,
  frameContent: 1 * MiB,
  /** Of a patch, decompressed. The old tree's lines that stand before it have no more either. */
  patchOutline: 32 * MiB,
  /** Lines of an outline, and of the old tree: each takes far more memory than it has bytes. */
  patchEntries: 131_072,
  patch: 4096 * MiB,
  /** Of a list of patches. */
  patchList: 64 * KiB,
  listedPatches: 64,
  chunkMin: 16 * KiB,
  chunkMax: 256 * KiB,
  report: 1 * MiB,
  reportBatch: 16 * MiB,
  watermark: 16 * KiB,
  look: 1 * MiB,
  /** Reports whose watermarks are looked for at once. */
  lookReports: 5_000,
  /** Hosts that one joint watermark speaks of. */
  jointHosts: 100_000,
  joinMessage: 1 * MiB,
  notification: 64 * KiB,
  /** Of a notification; what would have more is left out and said to be. */
  notificationDetails: 32 * KiB,
  trustMap: 16 * MiB,
  plan: 1 * MiB,
  /** Operators of an environment, the lift of a quarantine; each without its signatures. */
  operatorsDocument: 8 * KiB,
  /** One of them with the operators who sign it, on its way between machines. */
  signingFile: 64 * KiB,
  parents: 1 * MiB,
  /** Relays above one another: who has more above it is in a loop. */
  lineHosts: 64,
  /** What people write: environments, manifests. */
  yaml: 4 * MiB,
  path: 4096,
  segment: 255,
  /** Nesting of JSON values. */
  jsonDepth: 64,
} as const;
