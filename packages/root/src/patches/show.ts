import { timeOf } from '@xylem/core';
import type { Patches } from '../api/schemas/patches.ts';
import type { Access } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allPatches, type PatchRow } from './rows.ts';

/**
 * What is made or is to be made, why, and what it saves. Hosts of all tenants are counted together, so it is for those
 * who read the product, not for those who read an environment that has it.
 */
export async function showPatches(
  db: Database,
  access: Access,
  { product }: { readonly product?: string | undefined },
): Promise<Patches> {
  const isSeen = (one: string): boolean => access.everywhere('read') || access.at('read', one);
  const rows = (await allPatches(db)).filter((row) => isSeen(row.product));
  return {
    patches: rows.filter((row) => product === undefined || row.product === product).map(shown),
  };
}

function shown(row: PatchRow): Patches['patches'][number] {
  return {
    product: row.product,
    component: row.component,
    from: row.from_version,
    to: row.to_version,
    fromTree: row.from_tree,
    toTree: row.to_tree,
    state: row.state,
    hosts: row.hosts,
    wentOver: row.gone_over,
    chunkBytes: row.chunk_bytes,
    patch: row.patch,
    sizeBytes: row.size_bytes,
    taken: row.taken,
    savedBytes: row.taken * row.chunk_bytes - row.taken_bytes,
    cpuSeconds: row.cpu_ms === null ? null : row.cpu_ms / 1000,
    peakRssMb: row.peak_rss_mb,
    fault: row.fault,
    wanted: timeOf(row.wanted_ms),
    made: row.made_ms === null ? null : timeOf(row.made_ms),
  };
}
