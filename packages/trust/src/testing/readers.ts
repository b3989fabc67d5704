import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { Updater } from 'tuf-js';
import { TufClient } from '../tuf/client/client.ts';
import type { TestRepository } from './test-repository.ts';

/** A clock that stands still until it is set. */
export class TestClock implements Clock {
  nowMs: number;
  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }
  now(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
  async sleep(): Promise<void> {}
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xylem-trust-'));
  t.after(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Bounded GET below a base URL, as an agent would do it. */
export function httpFetch(baseUrl: string): (path: string, maxBytes: number) => Promise<Uint8Array | null> {
  return async (path, maxBytes) => {
    const abort = new AbortController();
    const response = await fetch(`${baseUrl}/${path}`, { signal: abort.signal });
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      parts.push(part);
      length += part.length;
      if (length > maxBytes) {
        abort.abort();
        throw new XylemError('E_TOO_LARGE', `${path} is larger than ${maxBytes} bytes.`);
      }
    }
    return Buffer.concat(parts);
  };
}

/** Our client for a repository in memory. */
export function clientOf(
  repository: TestRepository,
  folder: string,
  clock: Clock,
  fetchMetadata = repository.fetch as (path: string, maxBytes: number) => Promise<Uint8Array | null>,
): TufClient {
  return new TufClient({
    id: repository.id,
    pinnedRoot: repository.pinned,
    stateFolder: folder,
    fetchMetadata,
    clock,
  });
}

/** Stock tuf-js with the same pinned root. Its state lies in `folder`; a new updater continues there. */
export async function stockOf(
  repository: TestRepository,
  folder: string,
  url: string,
): Promise<() => Updater> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'root.json'), repository.pinned);
  return () =>
    new Updater({
      metadataDir: folder,
      metadataBaseUrl: `${url}/metadata`,
      targetDir: folder,
      targetBaseUrl: `${url}/targets`,
      config: { fetchRetries: 0, fetchTimeout: 5000 },
    });
}
