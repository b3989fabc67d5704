import { createHash } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, type DomainId, isDigest, XylemError } from '@xylem/core';
import { replaceFile, syncFolder, systemRandomness } from '@xylem/platform';
import { servableOf } from '../serve/paths.ts';
import { isAbsent, storageError } from './faults.ts';
import { hashOf } from './hash-file.ts';
import type { Bytes, Repository } from './repository.ts';

const defaultMaxBytes = 64 * 1024 * 1024;
const newPrefix = 'new-';
const objectsAtOnce = 16;

/**
 * Makes the folder if need be and opens it. What an earlier process left half written is removed; partial objects
 * stay, for mirrors to go on from.
 */
export async function openRepository(folder: string): Promise<Repository> {
  const repository = new DiskRepository(folder);
  try {
    for (const name of ['r', 'o', 'news', 'pool']) await mkdir(join(folder, name), { recursive: true });
    await mkdir(repository.workFolder, { recursive: true });
    for (const name of await readdir(repository.workFolder)) {
      if (name.startsWith(newPrefix))
        await rm(join(repository.workFolder, name), { recursive: true, force: true });
    }
  } catch (error) {
    throw storageError(error, `The repository folder ${folder}`);
  }
  return repository;
}

/** Looks at a repository that another process writes to: nothing of it is cleared away, and nothing may be put there. */
export const lookIntoRepository = (folder: string): Repository => new DiskRepository(folder);

/** Equal objects of several domains are links to one file in `pool/`; all is renamed into place when it is whole. */
class DiskRepository implements Repository {
  readonly folder: string;
  readonly workFolder: string;

  constructor(folder: string) {
    this.folder = folder;
    this.workFolder = join(folder, '.tmp-work');
  }

  objectPath(domain: DomainId, digest: Digest): string {
    return this.filePath(`o/${domain}/${digest}`);
  }

  async hasObject(domain: DomainId, digest: Digest): Promise<boolean> {
    return (await this.objectSize(domain, digest)) !== null;
  }

  async objectSize(domain: DomainId, digest: Digest): Promise<number | null> {
    const path = this.objectPath(domain, digest);
    try {
      return (await stat(path)).size;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw storageError(error, path);
    }
  }

  async putObject(domain: DomainId, digest: Digest, source: Bytes): Promise<void> {
    const pooled = await this.#put(domain, digest, source);
    await this.#syncAll([...(pooled === null ? [] : [pooled]), `o/${domain}`]);
  }

  async putObjects(domain: DomainId, objects: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
    const work = objects.entries();
    const pooled = new Set<string>();
    const worker = async (): Promise<void> => {
      for (const [digest, bytes] of work) {
        const folder = await this.#put(domain, digest, bytes);
        if (folder !== null) pooled.add(folder);
      }
    };
    const results = await Promise.allSettled(Array.from({ length: objectsAtOnce }, worker));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    if (objects.size > 0) await this.#syncAll([...pooled, `o/${domain}`]);
  }

  async adoptObject(domain: DomainId, digest: Digest, file: string): Promise<void> {
    const folders = [`o/${domain}`];
    try {
      if ((await this.hasObject(domain, digest)) || (await this.#linkRight(domain, digest)))
        await unlink(file);
      else {
        await syncFile(file);
        folders.unshift(await this.#adopt(domain, digest, file));
      }
    } catch (error) {
      throw storageError(error, `The object ${digest}`);
    }
    await this.#syncAll(folders);
  }

  async linkObject(domain: DomainId, digest: Digest): Promise<boolean> {
    if (!(await this.#link(domain, digest))) return false;
    await this.#syncAll([`o/${domain}`]);
    return true;
  }

  async readObject(domain: DomainId, digest: Digest, maxBytes = defaultMaxBytes): Promise<Buffer | null> {
    const bytes = await readBounded(this.objectPath(domain, digest), maxBytes);
    if (bytes !== null && createHash('sha256').update(bytes).digest('hex') !== digest) throw damaged(digest);
    return bytes;
  }

  async removeObject(domain: DomainId, digest: Digest): Promise<void> {
    const pooled = this.#pooled(digest);
    try {
      await rm(this.objectPath(domain, digest), { force: true });
      const { nlink } = await stat(pooled).catch(() => ({ nlink: 0 }));
      if (nlink === 1) await rm(pooled, { force: true });
    } catch (error) {
      throw storageError(error, `The object ${digest}`);
    }
  }

  async *listObjects(domain: DomainId): AsyncIterable<Digest> {
    for (const name of await this.#names(join(this.folder, 'o', domain))) if (isDigest(name)) yield name;
  }

  async listDomains(): Promise<DomainId[]> {
    const names = await this.#names(join(this.folder, 'o'));
    return names.filter((name): name is DomainId => /^[0-9a-f]{32}$/.test(name));
  }

  async putFile(path: string, bytes: Uint8Array | string): Promise<void> {
    await this.putFiles([[path, bytes]]);
  }

  async putFiles(files: Iterable<readonly [path: string, bytes: Uint8Array | string]>): Promise<void> {
    const folders = new Set<string>();
    for (const [path, bytes] of files) {
      const full = this.filePath(path);
      folders.add(dirname(full));
      await this.#replace(full, bytes).catch((error: unknown) => {
        throw storageError(error, path);
      });
    }
    for (const folder of folders) {
      await syncFolder(folder).catch((error: unknown) => {
        throw storageError(error, folder);
      });
    }
  }

  async readFile(path: string, maxBytes = defaultMaxBytes): Promise<Buffer | null> {
    return readBounded(this.filePath(path), maxBytes);
  }

  async removeFile(path: string): Promise<void> {
    try {
      await rm(this.filePath(path), { force: true });
    } catch (error) {
      throw storageError(error, path);
    }
  }

  async listFiles(folder: string): Promise<string[]> {
    if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*$/.test(folder)) throw notOfRepository(folder);
    return (await this.#names(join(this.folder, folder))).filter((name) => !name.startsWith('.'));
  }

  filePath(path: string): string {
    if (servableOf(`/${path}`) === null) throw notOfRepository(path);
    return join(this.folder, path);
  }

  /** @returns the pool's folder where it was put, to be synced; null: it was there */
  async #put(domain: DomainId, digest: Digest, source: Bytes): Promise<string | null> {
    const file = this.#newFile();
    try {
      if ((await this.hasObject(domain, digest)) || (await this.#link(domain, digest))) return null;
      if ((await writeHashed(file, source)) !== digest) throw damaged(digest);
      return await this.#adopt(domain, digest, file);
    } catch (error) {
      await unlink(file).catch(() => undefined);
      throw storageError(error, `The object ${digest}`);
    }
  }

  /**
   * The domain's own link first: whoever finds the pool's to be the last one, and removes it, takes nothing away.
   * @returns the pool's folder, to be synced
   */
  async #adopt(domain: DomainId, digest: Digest, file: string): Promise<string> {
    await this.#linkTo(file, domain, digest);
    const pooled = this.#pooled(digest);
    await mkdir(dirname(pooled), { recursive: true });
    await rename(file, pooled);
    return join('pool', digest.slice(0, 2));
  }

  /** False when the pool has no such object. */
  #link(domain: DomainId, digest: Digest): Promise<boolean> {
    return this.#linkTo(this.#pooled(digest), domain, digest);
  }

  /** The same, where the pool's copy is what it should be: the caller has one that is. */
  async #linkRight(domain: DomainId, digest: Digest): Promise<boolean> {
    const found = await hashOf(this.#pooled(digest)).catch(() => null);
    return found === digest && (await this.#link(domain, digest));
  }

  /** Makes the domain's object a link to `file`, or leaves that which is there; false when there is no such file. */
  async #linkTo(file: string, domain: DomainId, digest: Digest): Promise<boolean> {
    const path = this.objectPath(domain, digest);
    await mkdir(dirname(path), { recursive: true });
    try {
      await link(file, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return true;
      if (code === 'ENOENT') return false;
      throw storageError(error, path);
    }
    return true;
  }

  /** A name that nobody has; what is left there is removed at the next start. */
  #newFile(): string {
    return join(this.workFolder, `${newPrefix}${systemRandomness.bytes(12).toString('hex')}`);
  }

  /** Folders are there but for the first time. */
  async #replace(path: string, bytes: Uint8Array | string): Promise<void> {
    const replace = async (): Promise<void> => await replaceFile(path, bytes, { temporary: this.#newFile() });
    try {
      await replace();
    } catch (error) {
      if (!isAbsent(error)) throw error;
      await mkdir(dirname(path), { recursive: true });
      await replace();
    }
  }

  #pooled(digest: Digest): string {
    return join(this.folder, 'pool', digest.slice(0, 2), digest);
  }

  async #syncAll(folders: readonly string[]): Promise<void> {
    for (const folder of folders)
      await syncFolder(join(this.folder, folder)).catch((error: unknown) => {
        throw storageError(error, folder);
      });
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (isAbsent(error)) return [];
      throw storageError(error, folder);
    }
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function writeHashed(path: string, source: Bytes): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for await (const piece of source instanceof Uint8Array ? [source] : source) {
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** Its size first: what is too large is not read at all, and what is small is read in one call. */
async function readBounded(path: string, maxBytes: number): Promise<Buffer | null> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) {
      throw new XylemError('E_TOO_LARGE', `${path} has ${size} bytes; at most ${maxBytes} are allowed.`);
    }
    return await readFile(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw storageError(error, path);
  }
}

function damaged(digest: Digest): XylemError {
  return new XylemError('E_OBJECT_DIGEST', `The bytes given for the object ${digest} have another digest.`, {
    retry: 'elsewhere',
    details: { digest },
  });
}

function notOfRepository(path: string): XylemError {
  return new XylemError('E_INPUT', `${JSON.stringify(path)} is no path of a repository.`, {
    details: { path },
  });
}
