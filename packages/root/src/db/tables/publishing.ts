import type { Generated } from 'kysely';

/** What is published. Column types: see `tables.ts`. */
export interface PublishingTables {
  products: {
    product: string;
    domain: string;
    repository: string;
    created_ms: number;
    quota_bytes: Generated<number | null>;
  };
  roles: { repository: string; role: string; version: number; metadata: string; expires_ms: number };
  trees: { domain: string; tree: string; files: number; size_bytes: number; created_ms: number };
  packages: {
    product: string;
    component: string;
    version: string;
    package: string;
    kind: string;
    document: string;
    created_ms: number;
  };
  releases: {
    product: string;
    version: string;
    release: string;
    document: string;
    withdrawn: number;
    /** 1: the product's role does not vouch for it any more. */
    retired: Generated<number>;
    created_ms: number;
  };
  /** Statements about a release or a package, by its digest; only ever added to. */
  evidence: {
    product: string;
    digest: string;
    envelope_digest: string;
    envelope: string;
    added_by: string;
    created_ms: number;
  };
  channels: {
    product: string;
    channel: string;
    version: string;
    release: string;
    document: string;
    updated_ms: number;
  };
  /** Files that nothing refers to any more and that are still to be removed. */
  store_removals: { domain: string; kind: 'tree' | 'object'; digest: string };
  packs: { domain: string; pack: string; size_bytes: number; id: Generated<number> };
  pack_frames: {
    pack_id: number;
    frame: number;
    offset: number;
    length: number;
    raw_length: number;
  };
  chunks: {
    domain: string;
    digest: Uint8Array;
    size: number;
    pack_id: number;
    frame: number;
    offset_in_frame: number;
  };
}
