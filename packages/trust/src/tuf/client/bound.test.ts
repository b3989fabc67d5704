import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeyPair } from '../../keys/key-pair.ts';
import { clientOf, TestClock, temporaryFolder } from '../../testing/readers.ts';
import {
  changeState,
  directionRepository,
  startMs,
  TestReleases,
  type TestRepository,
} from '../../testing/test-repository.ts';
import { desiredStateTarget } from '../names.ts';
import { canonicalBytes } from '../signatures.ts';
import { signSnapshot, signTimestamp } from '../write/snapshot.ts';

interface Document {
  signed: { meta: Record<string, { version: number; length?: number; hashes?: object }>; xylem: object };
  signatures: object[];
}

function jsonOf(bytes: Uint8Array): Document {
  return JSON.parse(Buffer.from(bytes).toString()) as Document;
}

/** A role of the same version and length that says something else, signed by its very key. */
function another(bytes: Uint8Array, key: KeyPair, edit: (text: string) => string): Buffer {
  const { signed } = JSON.parse(edit(Buffer.from(bytes).toString())) as Document;
  const sig = Buffer.from(key.sign(canonicalBytes(signed))).toString('hex');
  const made = Buffer.from(JSON.stringify({ signatures: [{ keyid: key.keyId, sig }], signed }));
  assert.equal(made.length, bytes.length);
  return made;
}

/** Puts it under the version that the snapshot names, as a relay may; gives the way back. */
function place(repository: TestRepository, role: string, bytes: Uint8Array): () => void {
  const path = `metadata/${repository.versions.get(role)}.${role}.json`;
  const honest = repository.current(role);
  repository.files.set(path, bytes);
  return () => void repository.files.set(path, honest);
}

test("the director's key alone puts no other desired state under the version that is named", async (t) => {
  const direction = await directionRepository('bound', 'state');
  const client = clientOf(direction, await temporaryFolder(t), new TestClock(startMs));
  await client.refresh();
  await changeState(direction, 'next');
  const digest = /"sha256":"([0-9a-f]{64})"/;
  const forged = another(direction.current('targets'), direction.keys.targets, (text) =>
    text.replace(digest, `"sha256":"${'4'.repeat(64)}"`),
  );
  const back = place(direction, 'targets', forged);
  await assert.rejects(client.refresh(), { code: 'E_METADATA_INVALID', retry: 'elsewhere' });
  back();
  await client.refresh();
  assert.equal(Buffer.from((await client.readTarget(desiredStateTarget, 100)) ?? []).toString(), 'next');
});

test("a publisher's key alone takes back no withdrawal under the version that is named", async (t) => {
  const vendor = await TestReleases.make('bound vendor');
  vendor.content = { ...vendor.content, withdrawn: ['4'.repeat(64) as never] };
  await vendor.publish(await vendor.release(0, 60));
  const { meta } = jsonOf(vendor.current('snapshot')).signed;
  const role = `p-${vendor.product.domain}`;
  // Bins are too many: what they vouch for is run only where the director asks for it.
  const bound = Object.keys(meta).filter((name) => meta[name]?.hashes !== undefined);
  assert.deepEqual(bound.sort(), [`${role}.json`, 'targets.json']);
  assert.equal(Object.keys(meta).length, 18);
  const client = clientOf(vendor, await temporaryFolder(t), new TestClock(startMs));
  await client.refresh();
  const forged = another(vendor.current(role), vendor.productKey, (text) =>
    text.replace('4'.repeat(64), '5'.repeat(64)),
  );
  const back = place(vendor, role, forged);
  await assert.rejects(client.productRules(role), { code: 'E_METADATA_INVALID', retry: 'elsewhere' });
  back();
  assert.deepEqual((await client.productRules(role))?.withdrawn, ['4'.repeat(64)]);
});

test('a snapshot of an older root server, by versions alone, is read as before, and gains with each change', async (t) => {
  const vendor = await TestReleases.make('older vendor');
  const old = jsonOf(vendor.current('snapshot'));
  old.signed.meta = { 'targets.json': { version: vendor.versions.get('targets') ?? 0 } };
  const snapshot = await signSnapshot({
    previous: Buffer.from(JSON.stringify(old)),
    changed: [],
    signers: [vendor.keys.snapshot],
    nowMs: vendor.nowMs,
  });
  const timestamp = await signTimestamp({
    repository: vendor.id,
    previous: vendor.current('timestamp'),
    snapshot: snapshot.file.bytes,
    signers: [vendor.keys.timestamp],
    nowMs: vendor.nowMs,
  });
  vendor.write([snapshot.file, timestamp.file]);
  const client = clientOf(vendor, await temporaryFolder(t), new TestClock(startMs));
  await client.refresh();
  await vendor.publish(await vendor.release(0, 1));
  const { meta } = jsonOf(vendor.current('snapshot')).signed;
  assert.deepEqual(meta['targets.json'], { version: vendor.versions.get('targets') });
  assert.ok(meta[`p-${vendor.product.domain}.json`]?.hashes);
  await client.refresh();
  assert.ok(await client.productRules(`p-${vendor.product.domain}`));
});
