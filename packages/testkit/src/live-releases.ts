import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type DomainId, encodeRelease, type Release, XylemError } from '@xylem/core';
import { createHttpClient, formatTime, readBody, systemClock } from '@xylem/platform';
import {
  loadKeyFile,
  readProductDelegations,
  readProductRole,
  releaseTarget,
  signProductRole,
  targetDigest,
} from '@xylem/trust';

/** Where a lab's root server is, and the keys of who publishes there. */
export interface ReleasesAt {
  readonly stateFolder: string;
  readonly home: string;
  readonly apiUrl: string;
  readonly token: string;
}

/**
 * Gives a product as many more live releases as it would have after years, `0.0.1` on, each of the same packages as
 * `like`: their rows are written into the root server's database, and the product's key vouches for all of them at
 * once. One by one the same takes a second for each.
 * @returns seconds of signing all of them anew
 */
export async function addLiveReleases(at: ReleasesAt, like: string, count: number): Promise<number> {
  const [product = '', version = ''] = like.split('@');
  const http = createHttpClient({});
  const call = async <T>(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<T> => {
    const response = await http.request({
      method,
      url: `${at.apiUrl}/api/v1${path}`,
      headers: { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      idleTimeoutMs: 600_000,
    });
    const text = Buffer.from(await readBody(response.body, 2 ** 27, path)).toString();
    if (response.status !== 200) throw new XylemError('E_INTERNAL', `${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  };
  try {
    const { domain } = await call<{ domain: DomainId }>('GET', `/products/${product}`);
    const { packages } = await call<Pick<Release, 'packages'>>(
      'GET',
      `/products/${product}/releases/${version}`,
    );
    const made = Array.from({ length: count }, (_, n) => {
      const document = {
        format: 'xylem-release-1',
        product,
        version: `0.0.${n + 1}`,
        domain,
        issued: formatTime(systemClock.now()),
        notes: '',
        packages,
      };
      const bytes = encodeRelease(document as unknown as Release);
      return { version: document.version, text: Buffer.from(bytes).toString(), digest: targetDigest(bytes) };
    });
    const db = new DatabaseSync(join(at.stateFolder, 'root.db'), { timeout: 60_000 });
    db.exec('begin immediate');
    const insert = db.prepare(
      'insert into releases (product, version, release, document, withdrawn, retired, created_ms) values (?, ?, ?, ?, 0, 1, ?)',
    );
    for (const one of made) insert.run(product, one.version, one.digest.sha256, one.text, systemClock.now());
    db.exec('commit');
    db.close();

    const { targets } = await call<{ targets: { metadata: string } }>('GET', '/release-repository');
    const delegation = readProductDelegations(Buffer.from(targets.metadata)).find(
      (one) => one.domain === domain,
    );
    const keys = join(at.home, 'keys');
    const file = (await readdir(keys)).find((name) => name.startsWith(`${product}-`));
    if (delegation === undefined || file === undefined)
      throw new XylemError('E_NOT_FOUND', `No key of ${product} lies in ${keys}.`);
    type Roles = { roles: { role: string; version: number; metadata: string }[] };
    const { roles } = await call<Roles>('GET', `/products/${product}/roles`);
    const previous = new Map(roles.map(({ role, metadata }) => [role, Buffer.from(metadata)]));
    const content = readProductRole(delegation, previous);
    const releases = new Map(content.releases);
    for (const { digest } of made) releases.set(releaseTarget(product, digest.sha256), digest);
    const startedMs = systemClock.monotonicMs();
    const signed = await signProductRole({
      product: delegation,
      previous,
      content: { ...content, releases },
      signers: [await loadKeyFile(join(keys, file))],
      nowMs: systemClock.now(),
    });
    const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
    await call('PUT', `/products/${product}/roles`, {
      roles: signed.map(({ role, file: { bytes } }) => ({
        role,
        baseVersion: roles.find((one) => one.role === role)?.version ?? 0,
        metadata: Buffer.from(bytes).toString(),
      })),
    });
    return seconds;
  } finally {
    http.close();
  }
}
