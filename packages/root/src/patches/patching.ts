import { rm, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type Digest, type DomainId, XylemError } from '@xylem/core';
import { putPatchList } from '@xylem/store';
import { singleFlight } from '../publishing/single-flight.ts';
import type { Root } from '../root.ts';
import { requireRoom } from '../store-room/quota.ts';
import { takeCensus } from './census.ts';
import type { MadePatch } from './maker/job.ts';
import { startMaker } from './maker/start.ts';
import { allPatches, changePatch, forgetPatch, keyOf, madePatches, type PatchRow } from './rows.ts';
import { isWorthHaving } from './worth.ts';

/** Makes patches one at a time, in the background, and takes away those that no host needs any more. */
export interface Patching {
  /** Counts anew what is worth a patch, and begins the next one unless one is being made. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface PatchingOptions {
  readonly root: Pick<Root, 'db' | 'repository' | 'paths' | 'directing' | 'restored' | 'clock' | 'log'>;
  /** Starts the process that makes one. */
  readonly command: readonly string[];
  readonly bounds?: PatchingBounds;
}

export interface PatchingBounds {
  /** Left free beside both trees, so that a patch never takes the last of a disk that reports and metadata need. */
  readonly spareBytes: number;
  /** All patches that are kept at once. */
  readonly mostKeptBytes: number;
}

const usualBounds: PatchingBounds = { spareBytes: 2 ** 30, mostKeptBytes: 8 * 2 ** 30 };

const mostAttempts = 3;
const firstPauseMs = 60_000;
/** Neither a disk nor a quota gets room by being tried. */
const roomPauseMs = 10 * 60_000;
/** So long a process may take for one: a gigabyte of programs takes less than one hour at low priority. */
const mostMakingMs = 6 * 3600_000;
/** What making one takes of memory for each byte of the longest file, and beside that. */
const memoryByFileByte = 5;
const memoryBesideBytes = 300 * 2 ** 20;

export function createPatching(options: PatchingOptions): Patching {
  const queue = new Queue(options);
  return { look: queue.look, close: () => queue.close() };
}

class Queue {
  readonly #options: PatchingOptions;
  readonly #bounds: PatchingBounds;
  #making: { readonly row: PatchRow; readonly stop: AbortController; readonly ended: Promise<void> } | null =
    null;
  readonly look = singleFlight(() => this.#look());
  #isTidy = false;
  #isClosed = false;

  constructor(options: PatchingOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? usualBounds;
  }

  async #look(): Promise<void> {
    const { root } = this.#options;
    const { db, repository, clock, restored } = root;
    if (this.#isClosed || restored.isRestored()) return;
    if (!this.#isTidy) await this.#tidy();
    const over = await takeCensus({ db, repository, nowMs: clock.now() });
    for (const row of over) await this.#takeAway(row);
    const rows = await allPatches(db);
    const making = this.#making;
    if (making !== null) {
      const isWanted = rows.some((row) => keyOf(row) === keyOf(making.row) && row.state === 'queued');
      if (!isWanted) making.stop.abort(new XylemError('E_INTERRUPTED', 'No host needs the patch any more.'));
      return;
    }
    const next = this.#next(rows);
    if (next !== undefined) this.#begin(next);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#making?.stop.abort(new XylemError('E_INTERRUPTED', 'The root server ends.'));
    await this.#making?.ended;
    // One that is under way reads the database.
    await this.look();
  }

  /** What a crash left between disk and database is made good: a row says what there is, a list what rows say. */
  async #tidy(): Promise<void> {
    const { db, repository, paths } = this.#options.root;
    await rm(paths.patches, { recursive: true, force: true });
    const rows = await allPatches(db);
    for (const row of rows) {
      if (row.state !== 'made') continue;
      const size = await repository.objectSize(row.domain as DomainId, row.patch as Digest);
      if (size !== row.size_bytes)
        await changePatch(db, row, { state: 'queued', patch: null, size_bytes: null });
    }
    for (const domain of await repository.listDomains()) {
      const named = rows.filter((row) => row.domain === domain).map((row) => row.to_tree as Digest);
      const listed = (await repository.listFiles(`o/${domain}/patches`)) as Digest[];
      for (const tree of new Set([...named, ...listed]))
        await putPatchList(repository, domain, tree, await madePatches(db, domain, tree));
    }
    this.#isTidy = true;
  }

  /** The one that saves most, by the bytes that go without it. */
  #next(rows: readonly PatchRow[]): PatchRow | undefined {
    const nowMs = this.#options.root.clock.now();
    const keptBytes = rows.reduce((sum, row) => sum + (row.state === 'made' ? Number(row.size_bytes) : 0), 0);
    return rows
      .filter((row) => row.state === 'queued' && row.due_ms <= nowMs)
      .filter((row) => keptBytes + row.chunk_bytes <= this.#bounds.mostKeptBytes)
      .sort((a, b) => b.hosts * b.chunk_bytes - a.hosts * a.chunk_bytes)[0];
  }

  #begin(row: PatchRow): void {
    const { clock, log } = this.#options.root;
    const stop = new AbortController();
    const deadline = new AbortController();
    clock.sleep(mostMakingMs, AbortSignal.any([stop.signal, deadline.signal])).then(
      () =>
        stop.abort(
          new XylemError('E_TIMEOUT', `Making the patch took more than ${mostMakingMs / 3600_000} h.`),
        ),
      () => undefined,
    );
    const ended = this.#make(row, stop.signal)
      .catch((error: unknown) => log.error('the end of a patch could not be noted', { error }))
      .finally(() => {
        deadline.abort();
        this.#making = null;
      });
    this.#making = { row, stop, ended };
    // Whatever is next begins at once.
    void ended
      .then(() => this.look())
      .catch((error: unknown) => log.error('looking at patches failed', { error }));
  }

  async #make(row: PatchRow, signal: AbortSignal): Promise<void> {
    const { root, command } = this.#options;
    const { db, paths, repository, clock, log } = root;
    // On the repository's own file system; its next start would clear it away.
    const file = join(repository.workFolder, 'new-patch');
    try {
      await this.#requireSpace(row);
      // No more than that is worth having; what is published has the room first.
      await requireRoom({ db, repository }, row.domain as DomainId, row.chunk_bytes);
      const job = {
        repository: repository.folder,
        domain: row.domain as DomainId,
        from: row.from_tree as Digest,
        to: row.to_tree as Digest,
        folder: paths.patches,
        file,
        mostDeltaBytes: mostDeltaBytes(),
      };
      await this.#keep(row, await startMaker(command, job, signal), file);
    } catch (error) {
      const isTooLong = error instanceof XylemError && error.code === 'E_TIMEOUT';
      if (signal.aborted && !isTooLong) return;
      const fault =
        error instanceof XylemError ? error : new XylemError('E_INTERNAL', String(error), { cause: error });
      log.warn('patch not made', { from: row.from_tree, to: row.to_tree, error });
      await changePatch(db, row, afterFault(row, fault, clock.now()));
    } finally {
      await rm(paths.patches, { recursive: true, force: true });
      await rm(file, { force: true });
    }
  }

  /** The object first, then the row, then the list: a list names what is there. */
  async #keep(row: PatchRow, made: MadePatch, file: string): Promise<void> {
    const { db, repository, clock, directing, log } = this.#options.root;
    const domain = row.domain as DomainId;
    const isWorth = isWorthHaving(made.sizeBytes, row.chunk_bytes);
    if (isWorth) await repository.adoptObject(domain, made.digest, file);
    const isWanted = await changePatch(db, row, {
      state: isWorth ? 'made' : 'useless',
      patch: isWorth ? made.digest : null,
      size_bytes: made.sizeBytes,
      made_bytes: made.madeBytes,
      cpu_ms: made.cpuMs,
      peak_rss_mb: made.peakRssMb,
      made_ms: clock.now(),
      fault: null,
    });
    log.info('patch made', { from: row.from_tree, to: row.to_tree, ...made, isWorth });
    if (!isWorth) return;
    if (!isWanted) return await repository.removeObject(domain, made.digest);
    await this.#list(domain, row.to_tree as Digest);
    await directing.tellPatches(domain);
  }

  /** The list first, the row last: what nobody names is not left behind. */
  async #takeAway(row: PatchRow): Promise<void> {
    const { db, repository } = this.#options.root;
    const domain = row.domain as DomainId;
    await changePatch(db, row, { state: 'useless' });
    await this.#list(domain, row.to_tree as Digest);
    await repository.removeObject(domain, row.patch as Digest);
    await forgetPatch(db, row);
  }

  async #list(domain: DomainId, to: Digest): Promise<void> {
    const { db, repository } = this.#options.root;
    await putPatchList(repository, domain, to, await madePatches(db, domain, to));
  }

  /** @throws XylemError E_DISK_FULL */
  async #requireSpace({ domain, from_tree, to_tree }: PatchRow): Promise<void> {
    const { db, paths } = this.#options.root;
    const trees = await db
      .selectFrom('trees')
      .select('size_bytes')
      .where('domain', '=', domain)
      .where('tree', 'in', [from_tree, to_tree])
      .execute();
    const needed = trees.reduce((sum, { size_bytes }) => sum + size_bytes, this.#bounds.spareBytes);
    const { bavail, bsize } = await statfs(paths.folder);
    if (bavail * bsize >= needed) return;
    throw new XylemError(
      'E_DISK_FULL',
      `Making the patch needs ${needed} bytes in ${paths.folder} for a while, and ${bavail * bsize} are free.`,
    );
  }
}

/** For how large files there is memory now: half of the machine's at most, and what nobody else has. */
function mostDeltaBytes(): number {
  // Of the machine, or of the control group that the root server runs in.
  const most = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  const memory = Math.min(most / 2, process.availableMemory());
  return Math.max(0, Math.floor((memory - memoryBesideBytes) / memoryByFileByte));
}

function afterFault({ attempts }: PatchRow, { code, message }: XylemError, nowMs: number): Partial<PatchRow> {
  const fault = `${code}: ${message}`.slice(0, 2_000);
  if (code === 'E_DISK_FULL' || code === 'E_PRODUCT_QUOTA') return { fault, due_ms: nowMs + roomPauseMs };
  // Trees stay as they are: what is too large for a patch once is so for ever.
  if (code === 'E_TOO_LARGE' || attempts + 1 >= mostAttempts)
    return { fault, attempts: attempts + 1, state: 'failed' };
  return { fault, attempts: attempts + 1, due_ms: nowMs + firstPauseMs * 4 ** attempts };
}
