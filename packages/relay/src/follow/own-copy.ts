import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { type Digest, type DomainId, limits, type Offer, parseOffer, XylemError } from '@xylem/core';
import type { Clock, Log } from '@xylem/platform';
import type { Repository } from '@xylem/store';

const decompress = promisify(zlib.zstdDecompress);
const lookAgainAfterMs = 60_000;
/** Children may ask all the time for what nobody has any more. */
const lookAtMissingAfterMs = 300_000;
const mostWaiting = 64;
const mostRemembered = 10_000;

export interface OwnCopyOptions {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly log: Log;
  /** Something of this domain was damaged and is gone: it is to be fetched again. */
  readonly onDamaged: (domain: DomainId) => void;
}

/**
 * Looks at what lies on this relay's disk when a child says that it got wrong bytes. What is damaged is removed, so
 * that nobody gets it any more. Hashing costs: one file at a time, each at most once a minute, whoever asks.
 */
export class OwnCopy {
  readonly #options: OwnCopyOptions;
  readonly #lookedAtMs = new Map<string, number>();
  readonly #missedAtMs = new Map<DomainId, number>();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #damaged = 0;

  constructor(options: OwnCopyOptions) {
    this.#options = options;
  }

  /** Files that were damaged, since the start. */
  get damaged(): number {
    return this.#damaged;
  }

  /** A child asked for what is not here: should be, and was lost, or not. All of the domain is looked at, now and then. */
  missed(domain: DomainId): void {
    const now = this.#options.clock.monotonicMs();
    if (now - (this.#missedAtMs.get(domain) ?? Number.NEGATIVE_INFINITY) < lookAtMissingAfterMs) return;
    this.#missedAtMs.set(domain, now);
    this.#options.onDamaged(domain);
  }

  /** Resolves when the file is known to be right, or is gone. */
  async doubt(domain: DomainId, digest: Digest, kind: 'object' | 'offer'): Promise<void> {
    const key = `${domain} ${digest}`;
    const now = this.#options.clock.monotonicMs();
    const looked = this.#lookedAtMs.get(key);
    if (looked !== undefined && now - looked < lookAgainAfterMs) return;
    if (this.#waiting >= mostWaiting) return;
    if (this.#lookedAtMs.size >= mostRemembered) this.#lookedAtMs.clear();
    this.#lookedAtMs.set(key, now);
    this.#waiting += 1;
    const look = this.#queue.then(() => this.#look(domain, digest, kind));
    this.#queue = look.catch(() => undefined);
    try {
      await look;
    } catch (error) {
      this.#options.log.warn('own copy can not be looked at', { domain, digest, error });
    } finally {
      this.#waiting -= 1;
    }
  }

  async #look(domain: DomainId, digest: Digest, kind: 'object' | 'offer'): Promise<void> {
    const { repository, log, onDamaged } = this.#options;
    const isWhole =
      kind === 'offer'
        ? (await readOwnOffer(repository, domain, digest)) !== 'damaged'
        : !(await repository.hasObject(domain, digest)) ||
          (await digestOnDisk(repository, domain, digest)) === digest;
    if (isWhole) return;
    log.error('own copy is damaged', { domain, digest, kind });
    this.#damaged += 1;
    if (kind === 'offer') await repository.removeFile(`o/${domain}/offers/${digest}`);
    else await removeEverywhere(repository, digest);
    onDamaged(domain);
  }
}

/** Equal objects of several domains are one file: what is wrong in one is wrong in all. */
export async function removeEverywhere(repository: Repository, digest: Digest): Promise<void> {
  for (const domain of await repository.listDomains()) await repository.removeObject(domain, digest);
}

/**
 * Null: there is none.
 * @throws XylemError E_STORAGE, E_PERMISSION: it may be there and right, and can't be read now
 */
export async function readOwnOffer(
  repository: Repository,
  domain: DomainId,
  tree: Digest,
): Promise<Offer | null | 'damaged'> {
  try {
    const packed = await repository.readFile(`o/${domain}/offers/${tree}`, limits.offer);
    if (packed === null) return null;
    const offer = parseOffer(await decompress(packed, { maxOutputLength: limits.offer }));
    return offer.tree === tree ? offer : 'damaged';
  } catch (error) {
    if (error instanceof XylemError && (error.code === 'E_STORAGE' || error.code === 'E_PERMISSION'))
      throw error;
    return 'damaged';
  }
}

/** Whether reading an object failed because its bytes are wrong, and not because it can't be read now. */
export function isDamage(error: unknown): boolean {
  return error instanceof XylemError && (error.code === 'E_OBJECT_DIGEST' || error.code === 'E_TOO_LARGE');
}

async function digestOnDisk(repository: Repository, domain: DomainId, digest: Digest): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(repository.objectPath(domain, digest)), hash);
  return hash.digest('hex');
}
