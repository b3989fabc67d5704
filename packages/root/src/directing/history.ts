import { sha256 } from '@xylem/core';
import type { Repository } from '@xylem/store';
import type { Database } from '../db/tables.ts';
import { repositoryPath } from '../publishing/repository-files.ts';
import type { Shown } from './news-content.ts';

/** News files are written for this many earlier snapshots (docs/spec/news.md). */
const kept = 8;

/** The last snapshots and what they showed, newest first. */
export async function readHistory(db: Database, environment: string): Promise<Shown[]> {
  const rows = await db
    .selectFrom('direction_history')
    .selectAll()
    .where('environment', '=', environment)
    .orderBy('snapshot_version', 'desc')
    .limit(kept)
    .execute();
  return rows.map((row) => ({
    snapshotVersion: row.snapshot_version,
    targetsVersion: row.targets_version,
    document: row.document,
  }));
}

/** Keeps what a snapshot shows and drops what is too old for a news file: the audit log has what was decided. */
export async function remember(
  db: Database,
  environment: string,
  shown: Shown,
  number: number,
  nowMs: number,
): Promise<void> {
  const { snapshotVersion, targetsVersion, document } = shown;
  const values = { number, targets_version: targetsVersion, published_ms: nowMs, document };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('direction_history')
      .values({ environment, snapshot_version: snapshotVersion, ...values })
      .onConflict((c) => c.columns(['environment', 'snapshot_version']).doUpdateSet(values))
      .execute();
    const oldest = (await readHistory(trx, environment)).at(-1);
    if (oldest === undefined) return;
    await trx
      .deleteFrom('direction_history')
      .where('environment', '=', environment)
      .where('snapshot_version', '<', oldest.snapshotVersion)
      .execute();
  });
}

/** Removes metadata and desired states that no kept snapshot shows: what hosts read must not grow with history. */
export async function dropOldFiles(db: Database, folder: Repository, environment: string): Promise<void> {
  const shown = await readHistory(db, environment);
  const oldest = shown.at(-1);
  if (oldest === undefined) return;
  const least: Record<string, number> = {
    snapshot: oldest.snapshotVersion,
    targets: Math.min(...shown.map(({ targetsVersion }) => targetsVersion)),
  };
  for (const name of await folder.listFiles(repositoryPath(environment, 'metadata'))) {
    const [, version, role = ''] = /^(\d+)\.(snapshot|targets)\.json$/.exec(name) ?? [];
    if (version === undefined || Number(version) >= (least[role] ?? 0)) continue;
    await folder.removeFile(repositoryPath(environment, `metadata/${name}`));
  }
  const documents = new Set<string>(shown.map(({ document }) => sha256(document)));
  for (const name of await folder.listFiles(repositoryPath(environment, 'targets'))) {
    const [, digest] = /^([0-9a-f]{64})\.desired-state\.json$/.exec(name) ?? [];
    if (digest === undefined || documents.has(digest)) continue;
    await folder.removeFile(repositoryPath(environment, `targets/${name}`));
  }
}
