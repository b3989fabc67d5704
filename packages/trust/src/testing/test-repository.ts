import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DomainId, RepositoryId } from '@xylem/core';
import { type KeyPair, keyFromSeed } from '../keys/key-pair.ts';
import {
  channelTarget,
  metadataPath,
  type RepositoryFile,
  releaseTarget,
  targetFilePath,
} from '../tuf/names.ts';
import type { SignedRole } from '../tuf/write/metadata.ts';
import { type ProductRoleContent, signProductRole, targetDigest } from '../tuf/write/product-role.ts';
import { createRepository, publishRoles } from '../tuf/write/repository.ts';
import type { RootRoles } from '../tuf/write/root.ts';
import { type ProductDelegation, signDirector, signTargets } from '../tuf/write/targets.ts';

/** 2026-11-21T00:00:00Z */
export const startMs = Date.UTC(2026, 10, 21);
export const dayMs = 24 * 3600 * 1000;

export function testKey(name: string): KeyPair {
  return keyFromSeed(createHash('sha256').update(`xylem test key ${name}`).digest());
}

/** A repository in memory with keys of its own, for tests. */
export class TestRepository {
  readonly files = new Map<string, Uint8Array>();
  readonly keys: { root: KeyPair; targets: KeyPair; snapshot: KeyPair; timestamp: KeyPair };
  roles: RootRoles;
  id = '' as RepositoryId;
  nowMs = startMs;
  versions = new Map<string, number>();

  constructor(name: string, keysOf = name) {
    const key = (role: string): KeyPair => testKey(`${keysOf} ${role}`);
    this.keys = {
      root: key('root'),
      targets: key('targets'),
      snapshot: key('snapshot'),
      timestamp: key('timestamp'),
    };
    const { root, targets, snapshot, timestamp } = this.keys;
    this.roles = {
      root: { keys: [root] },
      targets: { keys: [targets] },
      snapshot: { keys: [snapshot] },
      timestamp: { keys: [timestamp] },
    };
  }

  async create(targets: SignedRole & { target?: RepositoryFile }): Promise<this> {
    const { id, files } = await createRepository({
      roles: this.roles,
      rootSigners: [this.keys.root],
      targets,
      online: { snapshot: [this.keys.snapshot], timestamp: [this.keys.timestamp] },
      nowMs: this.nowMs,
    });
    this.id = id;
    this.versions.set('targets', targets.version);
    this.write(files);
    return this;
  }

  write(files: readonly RepositoryFile[]): void {
    for (const { path, bytes } of files) {
      this.files.set(path, bytes);
      const role = /^metadata\/(\d+)\.([a-z0-9-]+)\.json$/.exec(path);
      if (role !== null) this.versions.set(role[2] ?? '', Number(role[1]));
    }
  }

  file(path: string): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw new Error(`the test repository has no ${path}`);
    return bytes;
  }

  current(role: string): Uint8Array {
    return this.file(metadataPath(role, this.versions.get(role) ?? 0));
  }

  get pinned(): Uint8Array {
    return this.file('metadata/1.root.json');
  }

  /** Makes changed roles current. */
  async publish(changed: readonly SignedRole[]): Promise<RepositoryFile[]> {
    const files = await publishRoles({
      repository: this.id,
      previous: { snapshot: this.current('snapshot'), timestamp: this.current('timestamp') },
      changed,
      online: { snapshot: [this.keys.snapshot], timestamp: [this.keys.timestamp] },
      nowMs: this.nowMs,
    });
    this.write(files);
    return files;
  }

  /** A fetcher over the files, as a parent would answer. */
  get fetch(): (path: string) => Promise<Uint8Array | null> {
    return async (path) => this.files.get(path) ?? null;
  }
}

export async function directionRepository(
  name: string,
  state = 'desired',
  keysOf = name,
): Promise<TestRepository> {
  const repository = new TestRepository(name, keysOf);
  return repository.create(await director(repository, state));
}

export async function director(
  repository: TestRepository,
  state: string,
): Promise<SignedRole & { target: RepositoryFile }> {
  return signDirector({
    desiredState: Buffer.from(state),
    previousVersion: repository.versions.get('targets') ?? 0,
    signers: [repository.keys.targets],
    nowMs: repository.nowMs,
  });
}

export async function changeState(repository: TestRepository, state: string): Promise<void> {
  const signed = await director(repository, state);
  repository.write([signed.target]);
  await repository.publish([signed]);
}

export const testDomain = 'd0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0' as DomainId;

export class TestReleases extends TestRepository {
  readonly productKey: KeyPair;
  readonly product: ProductDelegation;
  content: ProductRoleContent = { releases: new Map(), channels: new Map() };

  constructor(name = 'vendor') {
    super(name);
    this.productKey = testKey(`${name} product shop`);
    this.product = { product: 'shop', domain: testDomain, keys: [this.productKey] };
  }

  static async make(name?: string): Promise<TestReleases> {
    const releases = new TestReleases(name);
    const targets = await signTargets({
      products: [releases.product],
      previousVersion: 0,
      signers: [releases.keys.targets],
      nowMs: releases.nowMs,
    });
    await releases.create(targets);
    return releases;
  }

  roleFiles(): Map<string, Uint8Array> {
    const names = [...this.versions.keys()].filter((name) => name.startsWith('p-'));
    return new Map(names.map((name) => [name, this.current(name)]));
  }

  /** Vouches for `count` new releases (and the channel) in one change; gives the changed roles. */
  async release(first: number, count = 1, channel = true): Promise<SignedRole[]> {
    const releases = new Map(this.content.releases);
    const channels = new Map(this.content.channels);
    for (let number = first; number < first + count; number += 1) {
      const bytes = releaseBytes(number);
      const digest = targetDigest(bytes);
      const target = releaseTarget('shop', digest.sha256);
      releases.set(target, digest);
      this.files.set(targetFilePath(target, digest.sha256), bytes);
      if (!channel) continue;
      const pointer = Buffer.from(JSON.stringify({ channel: 'stable', release: digest.sha256 }));
      channels.set(channelTarget('shop', 'stable'), targetDigest(pointer));
      this.files.set(targetFilePath(channelTarget('shop', 'stable'), targetDigest(pointer).sha256), pointer);
    }
    this.content = { ...this.content, releases, channels };
    return this.sign();
  }

  async sign(): Promise<SignedRole[]> {
    return signProductRole({
      product: this.product,
      previous: this.roleFiles(),
      content: this.content,
      signers: [this.productKey],
      nowMs: this.nowMs,
    });
  }
}

export function releaseBytes(number: number): Uint8Array {
  return Buffer.from(
    JSON.stringify({ format: 'xylem-release-1', product: 'shop', version: `1.0.${number}` }),
  );
}

/** Serves files over real HTTP. `answer` may replace or withhold (null) what is there. */
export async function serveFiles(
  answer: (path: string) => Uint8Array | null,
): Promise<{ url: string; requests: string[]; close(): Promise<void> }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1));
    requests.push(path);
    const bytes = answer(path);
    if (bytes === null) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
