import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  agentComponent,
  agentProduct,
  type Digest,
  type PackageDocument,
  sha256,
  XylemError,
} from '@xylem/core';
import type { PackageManifest } from '@xylem/core/yaml';
import type { Api } from '../api/client.ts';
import { sourceFolder } from '../manifest/manifest.ts';
import { type Installable, installScript } from './script.ts';

/**
 * Sends what makes a machine without the agent a host: each architecture's executable, gzipped, and the script that
 * names them. Undefined for packages that are not the agent of Linux machines.
 * @param options.folder of the manifest
 * @throws XylemError E_INPUT where the executable is not in its folder
 */
export async function publishInstall(options: {
  readonly api: Api;
  readonly manifest: PackageManifest;
  readonly folder: string;
}): Promise<PackageDocument['install']> {
  const { api, manifest, folder } = options;
  const { product, component, version, agent } = manifest.package;
  const sources = manifest.sources.filter(({ os = 'linux' }) => os === 'linux');
  const isAgent = product === agentProduct && component === agentComponent;
  if (agent === undefined || !isAgent || sources.length === 0) return undefined;
  const { domain } = await api.call('productShow', { params: { product } });
  const scratch = await mkdtemp(join(tmpdir(), 'xylem-install-'));
  const send = (object: string, body: AsyncIterable<Uint8Array> | Uint8Array) =>
    api.call('objectPut', { params: { product, object }, body, timeoutMs: 300_000 });
  try {
    const agents: Installable[] = [];
    for (const { folder: below, arch } of sources) {
      const archive = join(scratch, 'archive');
      const packed = await pack(join(await sourceFolder(folder, below), agent.executable), archive);
      await send(packed.archive, createReadStream(archive));
      agents.push({ arch: arch ?? null, ...packed });
    }
    const script = Buffer.from(installScript({ domain, version, agents }));
    const digest = sha256(script);
    await send(digest, script);
    return {
      script: { digest, sizeBytes: script.length },
      archives: agents.map(({ archive, archiveBytes }) => ({
        digest: archive as Digest,
        sizeBytes: archiveBytes,
      })),
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function pack(executable: string, archive: string): Promise<Omit<Installable, 'arch'>> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  const gzip = createGzip().on('data', (piece: Buffer) => packed.update(piece));
  const source = createReadStream(executable).on('data', (piece) => plain.update(piece));
  try {
    await pipeline(source, gzip, createWriteStream(archive));
  } catch (cause) {
    const message = `${executable} can't be read; by the manifest it is the agent's executable.`;
    throw new XylemError('E_INPUT', message, { cause });
  }
  return {
    archive: packed.digest('hex'),
    archiveBytes: (await stat(archive)).size,
    executable: plain.digest('hex'),
    executableBytes: (await stat(executable)).size,
  };
}
