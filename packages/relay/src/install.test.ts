import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Digest, sha256 } from '@xylem/core';
import { createHttpClient, readBody } from '@xylem/platform';
import { removeLater, waitUntil } from '@xylem/testkit';
import { buildSmallTree } from '@xylem/testkit/builders';
import { clientTls } from '@xylem/trust';
import { snapshotAt, startRelay, world } from './testing/world.ts';

test('a relay gives strangers what installs the agent, and nothing else, after a restart too', async (t) => {
  const { installation, production, root } = await world(t);
  const vendor = await installation.addVendor('xylem');
  const other = await installation.addVendor('other');
  const script = Buffer.from('#!/bin/sh\n');
  const archive = Buffer.alloc(100_000, 'gzip');
  const sized = (bytes: Buffer) => ({ digest: sha256(bytes) as Digest, sizeBytes: bytes.length });
  const install = { script: sized(script), archives: [sized(archive)] };
  const folder = await buildSmallTree(join(installation.folder, 'agent'), { agent: 'the agent' });
  const assignments: { readonly package: string }[] = [];
  for (const by of [vendor, other]) {
    for (const bytes of [script, archive])
      await installation.repository.putObject(by.domain, sha256(bytes), bytes);
    const component = by === vendor ? 'xylem-agent' : 'other-agent';
    const document = { kind: 'agent' as const, agent: { executable: 'agent' }, install };
    const published = await by.publishPackage(component, '1.0.0', folder, document);
    const release = await by.release('1.0.0', [published]);
    const named = { component, product: by.product, release, version: '1.0.0' };
    assignments.push({ ...named, package: published.package });
  }
  const snapshot = await production.direct({ vendors: [vendor, other], assignments: assignments as never });
  root.announce(production.id);
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const http = createHttpClient({ tls: clientTls({ caPem: installation.ca.certificatePem }) });
  removeLater(t, () => http.close());
  let relay = await startRelay(t, joined);
  const get = async (domain: string, digest: string): Promise<Buffer | number> => {
    const answer = await http.request({ method: 'GET', url: `${relay.url}/o/${domain}/${digest}` });
    const body = await readBody(answer.body, 2 ** 20, 'the object');
    return answer.status === 200 ? body : answer.status;
  };
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot, 20_000, 'the relay to follow');
  const look = async (): Promise<void> => {
    await waitUntil(
      async () => archive.equals((await get(vendor.domain, sha256(archive))) as Buffer),
      20_000,
      'the archive',
    );
    assert.deepEqual(await get(vendor.domain, sha256(script)), script);
    assert.equal(await get(other.domain, sha256(script)), 404, 'of no other product');
    for (const { package: digest } of assignments) assert.equal(await get(vendor.domain, digest), 404);
  };
  await look();
  await relay.close();
  relay = await startRelay(t, joined);
  await look();
});
