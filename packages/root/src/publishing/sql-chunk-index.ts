import type { Digest, DomainId, PackFrame } from '@xylem/core';
import type { ChunkIndex, ChunkPlace } from '@xylem/store';
import { inStatements } from '../db/statements.ts';
import type { Database } from '../db/tables.ts';

/** The chunk index in SQL, with the cheaper question whether a chunk is known at all. */
export interface SqlChunkIndex extends ChunkIndex {
  known(domain: string, digests: readonly string[]): Promise<Digest[]>;
}

export function sqlChunkIndex(db: Database): SqlChunkIndex {
  return {
    known: async (domain, digests) => {
      const known: Digest[] = [];
      for (const some of inStatements(digests)) {
        const rows = await db
          .selectFrom('chunks')
          .select('digest')
          .distinct()
          .where('domain', '=', domain)
          .where('digest', 'in', some.map(toBytes))
          .execute();
        known.push(...rows.map((row) => toDigest(row.digest)));
      }
      return known;
    },
    locate: async (domain, digests) => {
      const places = new Map<Digest, ChunkPlace>();
      const firstPack = new Map<Digest, number>();
      for (const some of inStatements([...new Set(digests)])) {
        for (const { digest, id, pack, ...place } of await locateSome(db, domain, some)) {
          const name = toDigest(digest);
          if (id > (firstPack.get(name) ?? Number.POSITIVE_INFINITY)) continue;
          firstPack.set(name, id);
          places.set(name, { ...place, pack: pack as Digest });
        }
      }
      return places;
    },
    addPack: (domain, pack, frames) =>
      db.transaction().execute(async (trx) => {
        const row = await trx
          .insertInto('packs')
          .values({ domain, pack: pack.digest, size_bytes: pack.sizeBytes })
          .onConflict((c) => c.columns(['domain', 'pack']).doNothing())
          .returning('id')
          .executeTakeFirst();
        if (row === undefined) return;
        await addFrames(trx, domain, row.id, frames);
      }),
    removePack: (domain, pack) =>
      db.transaction().execute(async (trx) => {
        await removePacks(trx, domain, [pack]);
      }),
    hasPack: async (domain, pack) => {
      const row = await db
        .selectFrom('packs')
        .select('id')
        .where('domain', '=', domain)
        .where('pack', '=', pack)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

/** Chunks have no index by their pack: all of the domain's are looked at, once for many packs. */
export async function removePacks(trx: Database, domain: DomainId, packs: readonly Digest[]): Promise<void> {
  for (const some of inStatements(packs)) {
    const rows = await trx
      .deleteFrom('packs')
      .where('domain', '=', domain)
      .where('pack', 'in', some)
      .returning('id')
      .execute();
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) continue;
    await trx.deleteFrom('pack_frames').where('pack_id', 'in', ids).execute();
    await trx.deleteFrom('chunks').where('domain', '=', domain).where('pack_id', 'in', ids).execute();
  }
}

async function locateSome(db: Database, domain: DomainId, digests: readonly Digest[]) {
  return await db
    .selectFrom('chunks as c')
    .innerJoin('packs as p', 'p.id', 'c.pack_id')
    .innerJoin('pack_frames as f', (join) =>
      join.onRef('f.pack_id', '=', 'c.pack_id').onRef('f.frame', '=', 'c.frame'),
    )
    .select([
      'c.digest as digest',
      'p.id as id',
      'c.size as sizeBytes',
      'p.pack as pack',
      'p.size_bytes as packSizeBytes',
      'f.offset as frameOffset',
      'f.length as frameLength',
      'f.raw_length as frameRawLength',
      'c.offset_in_frame as offsetInFrame',
    ])
    .where('c.domain', '=', domain)
    .where('c.digest', 'in', digests.map(toBytes))
    .execute();
}

async function addFrames(
  trx: Database,
  domain: DomainId,
  packId: number,
  frames: readonly PackFrame[],
): Promise<void> {
  const rows = frames.map(([offset, length, rawLength], frame) => ({
    pack_id: packId,
    frame,
    offset,
    length,
    raw_length: rawLength,
  }));
  for (const some of inStatements(rows)) await trx.insertInto('pack_frames').values(some).execute();
  const chunks = frames.flatMap(([, , , list], frame) => {
    let offsetInFrame = 0;
    return list.map(([digest, size]) => {
      const row = {
        domain,
        digest: toBytes(digest),
        size,
        pack_id: packId,
        frame,
        offset_in_frame: offsetInFrame,
      };
      offsetInFrame += size;
      return row;
    });
  });
  // A pack may hold equal chunks twice; the first place counts.
  for (const some of inStatements(chunks))
    await trx
      .insertInto('chunks')
      .values(some)
      .onConflict((c) => c.columns(['domain', 'digest', 'pack_id']).doNothing())
      .execute();
}

const toBytes = (digest: string): Uint8Array => Buffer.from(digest, 'hex');
const toDigest = (bytes: Uint8Array): Digest => Buffer.from(bytes).toString('hex') as Digest;
