import type { Digest, DomainId, ListedPatch } from '@xylem/core';
import { limits } from '@xylem/core';
import type { Selectable } from 'kysely';
import type { Database, Tables } from '../db/tables.ts';

export type PatchRow = Selectable<Tables['patches']>;
export type PatchKey = Pick<PatchRow, 'domain' | 'from_tree' | 'to_tree'>;

export const keyOf = ({ domain, from_tree, to_tree }: PatchKey): string =>
  `${domain} ${from_tree} ${to_tree}`;

export const allPatches = (db: Database): Promise<PatchRow[]> =>
  db.selectFrom('patches').selectAll().orderBy('product').orderBy('wanted_ms', 'desc').execute();

/** @returns false: nobody wants it any more, and there is no such row */
export async function changePatch(db: Database, key: PatchKey, values: Partial<PatchRow>): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('patches')
    .set(values)
    .where('domain', '=', key.domain)
    .where('from_tree', '=', key.from_tree)
    .where('to_tree', '=', key.to_tree)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function forgetPatch(db: Database, key: PatchKey): Promise<void> {
  await db
    .deleteFrom('patches')
    .where('domain', '=', key.domain)
    .where('from_tree', '=', key.from_tree)
    .where('to_tree', '=', key.to_tree)
    .execute();
}

/** Those that lead to a tree, as its list names them: what is for most hosts where there are more than it holds. */
export async function madePatches(db: Database, domain: DomainId, to: Digest): Promise<ListedPatch[]> {
  const rows = await db
    .selectFrom('patches')
    .select(['from_tree', 'patch', 'size_bytes', 'made_bytes', 'chunk_bytes'])
    .where('domain', '=', domain)
    .where('to_tree', '=', to)
    .where('state', '=', 'made')
    .orderBy('hosts', 'desc')
    .orderBy('from_tree')
    .limit(limits.listedPatches)
    .execute();
  return rows.map(({ from_tree, patch, size_bytes, made_bytes, chunk_bytes }) => [
    from_tree as Digest,
    patch as Digest,
    Number(size_bytes),
    Number(made_bytes),
    chunk_bytes,
  ]);
}
