import { lstat, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Offer, parseTree, sha256, type TreeEntry, XylemError } from '@xylem/core';
import { syncFolder, writeFileAtomic } from '@xylem/platform';
import { numberChunks } from '../offer/numbering.ts';
import { readOfferFrom } from '../offer/read-offer.ts';
import { storageError } from '../repository/faults.ts';
import { asChoice, type ObjectSource, type SourceChoice } from '../source/object-source.ts';
import { reportRefusals } from '../source/refusals.ts';
import { makeByPatch, removePatch } from './by-patch.ts';
import { syncTree } from './durable.ts';
import { type FrameFetch, fetchFrames } from './fetch-frames.ts';
import { FramesAhead, fetchInTurn } from './frame-buffers.ts';
import { KeptFrame } from './kept-frame.ts';
import { KnownRoads } from './known-roads.ts';
import { counts, filesOf, placeWhatIsHere } from './place-here.ts';
import type { Placement } from './placement.ts';
import { Seeds } from './seeds.ts';
import { Staging } from './staging.ts';
import { TreeText } from './tree-text.ts';
import type { FetchedTree, FetchTreeOptions } from './types.ts';

const busy = new Set<string>();

/**
 * Installs a tree as a folder: verified whole, durable, and visible at once by a rename. Called again after it was
 * killed it goes on with what is staged in `<into>.part`, inside of a frame too; less than one is fetched again. Where `into` is
 * there already, complete, nothing is done.
 * @throws XylemError E_DISK_FULL before or while fetching (what was staged is removed); E_OBJECT_MISSING,
 *   E_OBJECT_DIGEST, E_OFFER_INVALID, E_PACK_INVALID, E_PARENT_* when no source has the right bytes; E_TREE_* when the
 *   tree itself is not allowed; E_BUSY; E_CONFLICT when something else lies at `into`; the signal's reason
 */
export async function fetchTree(options: FetchTreeOptions): Promise<FetchedTree> {
  const { into } = options;
  if (busy.has(into)) throw new XylemError('E_BUSY', `${into} is being fetched already.`);
  busy.add(into);
  try {
    return (await installed(options)) ?? (await new TreeFetch(options).run());
  } catch (error) {
    if (error instanceof XylemError && error.code === 'E_DISK_FULL') {
      // What runs now needs the room more than the next attempt needs its head start.
      await rm(`${into}.part`, { recursive: true, force: true });
      await rm(`${into}.part.tree`, { force: true });
      await rm(keptPath(into), { force: true });
      await removePatch(into);
    }
    throw error;
  } finally {
    busy.delete(into);
  }
}

/**
 * The signed list of a tree's files, fetched without any of them; `fetchTree` with the same `into` goes on from there.
 * @throws as `fetchTree`
 */
export async function fetchTreeEntries(options: FetchTreeOptions): Promise<readonly TreeEntry[]> {
  const { into } = options;
  if (busy.has(into)) throw new XylemError('E_BUSY', `${into} is being fetched already.`);
  busy.add(into);
  try {
    return await new TreeFetch(options).entries();
  } finally {
    busy.delete(into);
  }
}

/** The counts of a tree that is in place: its text is written before the folder appears. */
async function installed({ into, tree }: FetchTreeOptions): Promise<FetchedTree | null> {
  if ((await lstat(into).catch(() => null)) === null) return null;
  const text = await readFile(`${into}.tree`).catch(() => null);
  if (text === null || sha256(text) !== tree) {
    throw new XylemError('E_CONFLICT', `${into} exists and is not the tree ${tree}.`, {
      details: { path: into },
    });
  }
  return { ...counts(filesOf(parseTree(text))), ...nothingFetched };
}

const keptPath = (into: string): string => `${into}.part.frame`;
const nothingFetched = {
  fetchedBytes: 0,
  requests: 0,
  seededBytes: 0,
  resumedBytes: 0,
  patchedBytes: 0,
  linkedFiles: 0,
};

class TreeFetch {
  readonly #options: FetchTreeOptions;
  readonly #staging: Staging;
  readonly #text: TreeText;
  readonly #offers = new Map<string, Offer>();
  readonly #fetched: FrameFetch;
  readonly #kept: KeptFrame;
  readonly #choice: SourceChoice;
  readonly #count = { ...nothingFetched };
  readonly #roads: KnownRoads;
  #seeds: Seeds | undefined;
  #tree: { readonly text: Buffer; readonly entries: readonly TreeEntry[] } | null = null;
  #contents: Placement | undefined;
  /** Paths of files that a patch has just made: right as they lie there. */
  #made: ReadonlySet<string> = new Set();

  constructor(options: FetchTreeOptions) {
    this.#options = options;
    const umask = process.umask();
    this.#staging = new Staging(`${options.into}.part`, umask);
    this.#text = new TreeText(options.into, options.tree, umask);
    const count = this.#count;
    this.#roads = new KnownRoads(options, count);
    this.#choice = reportRefusals(asChoice(options.source), options.onRefused);
    this.#kept = new KeptFrame(keptPath(options.into), options.clock);
    this.#fetched = {
      domain: options.domain,
      signal: options.signal,
      comparison: this.#choice.comparison,
      kept: this.#kept,
      ahead: new FramesAhead(),
      frames: 0,
      onBytes: (bytes) => {
        count.fetchedBytes += bytes;
      },
      onRequest: () => {
        count.requests += 1;
      },
      onPlan: this.#roads.plan,
    };
  }

  async run(): Promise<FetchedTree> {
    const { into, seeds = [] } = this.#options;
    this.#seeds = await Seeds.open(seeds);
    this.#tree = await this.#text.read();
    if (this.#tree === null) this.#tree = await this.#patched();
    else this.#roads.resumed();
    if (this.#tree !== null) await this.#prepare(this.#tree.entries);
    if (this.#contents?.isComplete !== true) await this.#fetch();
    if (this.#tree === null) throw new Error('A tree was fetched without its text.');
    await this.#staging.makeLinks(this.#tree.entries);
    await this.#appear(into, this.#tree.text);
    return { ...counts(filesOf(this.#tree.entries)), ...this.#count };
  }

  /** The text of a tree whose new files a patch has just made. */
  async #patched(): ReturnType<TreeText['read']> {
    const { signal, patches = 'none' } = this.#options;
    const trees = patches === 'none' ? [] : (this.#seeds?.trees() ?? []);
    if (patches === 'none' || trees.length === 0) return null;
    const { onRequest, onBytes } = this.#fetched;
    const tools = {
      options: { ...this.#options, onRoads: this.#roads.tell },
      choice: this.#choice,
      patches,
      trees,
      umask: process.umask(),
      onRequest,
      onBytes,
    };
    await fetchInTurn(signal, async () => {
      const made = await makeByPatch(tools);
      if (made === null) return;
      await this.#text.put(made.text);
      this.#count.patchedBytes = made.madeBytes;
      this.#made = made.files;
    });
    return await this.#text.read();
  }

  async entries(): Promise<readonly TreeEntry[]> {
    const { signal, domain, tree } = this.#options;
    this.#seeds = await Seeds.open([]);
    this.#tree = await this.#text.read();
    const path = `o/${domain}/offers/${tree}`;
    const ask = async (one: ObjectSource): Promise<void> => {
      this.#tree ??= await this.#fetchText(one, await this.#readOffer(one));
    };
    if (this.#tree === null) await this.#choice.attempt(path, ask, signal);
    if (this.#tree === null) throw new Error('A tree without its text.');
    return this.#tree.entries;
  }

  /** From one source after the other; and all of them again as long as that brings anything. */
  async #fetch(): Promise<void> {
    const { signal, domain, tree } = this.#options;
    this.#roads.beginChunks();
    for (;;) {
      const before = this.#fetched.frames;
      try {
        const path = `o/${domain}/offers/${tree}`;
        await fetchInTurn(signal, () => this.#choice.attempt(path, (one) => this.#fetchFrom(one), signal));
        return;
      } catch (error) {
        const isHopeless = !(error instanceof XylemError) || error.retry !== 'elsewhere';
        if (isHopeless || this.#fetched.frames === before) throw error;
      }
    }
  }

  /** All that is missing, by the offer and the packs of one source: what does not fit is that source's fault alone. */
  async #fetchFrom(source: ObjectSource): Promise<void> {
    let isPlaced = false;
    const offer = this.#offers.get(source.name) ?? (await this.#readOffer(source));
    try {
      this.#tree ??= await this.#fetchText(source, offer);
      await this.#prepare(this.#tree.entries);
      const numbered = numberChunks(offer.treeChunks, this.#tree.entries);
      if (this.#contents?.isComplete !== false) return this.#roads.plan(offer, numbered, []);
      await fetchFrames(this.#fetched, source, offer, numbered, this.#contents);
      isPlaced = true;
    } catch (error) {
      this.#offers.delete(source.name);
      throw error;
    } finally {
      this.#fetched.ahead.clear(isPlaced);
    }
  }

  async #readOffer(source: ObjectSource): Promise<Offer> {
    const { domain, tree, signal } = this.#options;
    this.#fetched.onRequest();
    const { offer, bytes } = await readOfferFrom(source, domain, tree, signal);
    this.#fetched.onBytes(bytes.length);
    this.#roads.offerBytes = bytes.length;
    this.#offers.set(source.name, offer);
    return offer;
  }

  async #fetchText(
    source: ObjectSource,
    offer: Offer,
  ): Promise<{ text: Buffer; entries: readonly TreeEntry[] }> {
    const wrong = (cause?: unknown): XylemError =>
      new XylemError('E_OFFER_INVALID', `${source.name} offers another text for the tree.`, { cause });
    const placement = await this.#text.begin(offer, this.#seeds ?? (await Seeds.open([])));
    try {
      if (!placement.isComplete) {
        await fetchFrames(this.#fetched, source, offer, numberChunks(offer.treeChunks, []), placement, true);
      }
      await placement.settleFound();
    } catch (error) {
      // The chunks were as the offer named them, but are not the tree's.
      throw error instanceof XylemError && error.code === 'E_TREE_INVALID' ? wrong(error) : error;
    }
    const tree = await this.#text.read();
    if (tree === null) throw wrong();
    return tree;
  }

  async #prepare(entries: readonly TreeEntry[]): Promise<void> {
    if (this.#contents !== undefined) return;
    this.#contents = await placeWhatIsHere(entries, {
      options: this.#options,
      staging: this.#staging,
      seeds: this.#seeds ?? (await Seeds.open([])),
      made: this.#made,
      count: this.#count,
    });
  }

  /** All is verified: make it durable, then visible. The text comes after the files and before the folder. */
  async #appear(into: string, text: Buffer): Promise<void> {
    try {
      await syncTree(this.#staging.folder, this.#staging.unsynced()).catch(async (error: unknown) => {
        // What a failed sync leaves may look written for as long as the kernel keeps it in memory, and never be.
        await rm(this.#staging.folder, { recursive: true, force: true });
        throw error;
      });
      await writeFileAtomic(`${into}.tree`, text);
      // Before the folder: who finds that looks for nothing else.
      await this.#text.remove();
      await this.#kept.clear();
      await removePatch(into);
      await rename(this.#staging.folder, into);
      await syncFolder(dirname(into));
    } catch (error) {
      throw storageError(error, into);
    }
  }
}
