import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RepositoryId } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import {
  coSign,
  desiredStateTarget,
  draftChange,
  draftRoot,
  generateKey,
  type KeyChange,
  type KeyPair,
  metadataPath,
  publicKeyOf,
  readRoot,
  type TrustedRepository,
  TufClient,
  trustRepository,
} from '@xylem/trust';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { relayCopy } from '../testing/relay-copy.ts';
import { restoredFixture } from '../testing/restored-fixture.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';

const environment = { tenant: 'default', environment: 'production' };

/** As a host follows a repository, with state of its own, from the root that it pinned. */
async function follower(t: TestContext, root: RootFixture, id: string): Promise<TufClient> {
  const file = (path: string): string => join(root.folder, 'repository', 'r', id, path);
  return new TufClient({
    id: id as RepositoryId,
    pinnedRoot: await readFile(file(metadataPath('root', 1))),
    stateFolder: await tempFolder(t, 'tuf'),
    clock: root.clock,
    fetchMetadata: (path) => readFile(file(path)).catch(() => null),
  });
}

async function trusted(root: RootFixture): Promise<TrustedRepository> {
  const { repository, root: first, roots, targets } = await root.api('releaseRepository');
  const roles = new Map<string, Uint8Array>();
  for (const { product } of (await root.api('productList')).products) {
    for (const one of (await root.api('productRoles', { params: { product } })).roles) {
      roles.set(one.role, Buffer.from(one.metadata));
    }
  }
  return trustRepository(repository as RepositoryId, {
    roots: [first, ...roots].map((text) => Buffer.from(text)),
    targets: Buffer.from(targets.metadata),
    roles,
  });
}

async function change(root: RootFixture, what: KeyChange, signers: readonly KeyPair[]) {
  const present = await trusted(root);
  const drafts = await draftChange(present, what, root.clock.now());
  const uploads = await Promise.all(
    drafts.map(async ({ role, base, bytes }) => ({
      role,
      baseVersion: base,
      metadata: Buffer.from(await coSign(bytes, signers)).toString(),
    })),
  );
  const of = (name: string) => uploads.find(({ role }) => role === name);
  const [newRoot, targets] = [of('root'), of('targets')];
  const products = present.products
    .map(({ product, domain }) => ({
      product,
      roles: uploads.filter(({ role }) => role.startsWith(`p-${domain}`)),
    }))
    .filter(({ roles }) => roles.length > 0);
  const body = { ...(newRoot && { root: newRoot }), ...(targets && { targets }), products };
  return await root.api('releaseKeysPut', { body });
}

test("the vendor's root passes to two of three keys, and readers follow from the first", async (t) => {
  const root = await rootFixture(t);
  const { repository } = await root.api('releaseRepository');
  const host = await follower(t, root, repository);
  await host.refresh();
  const keys = [generateKey(), generateKey(), generateKey()];
  const roles = { root: { keys, threshold: 2 } };
  for (const signers of [[root.vendor.rootKey], keys, [root.vendor.rootKey, ...keys.slice(0, 1)]]) {
    await assert.rejects(change(root, { root: roles }, signers), { code: 'E_METADATA_SIGNATURE' });
  }
  const done = await change(root, { root: roles }, [root.vendor.rootKey, ...keys.slice(0, 2)]);
  assert.equal(done.rootVersion, 2);
  assert.equal((await host.refresh()).state.root, 2);
  // The old key is nothing any more; two of the new ones do what it did.
  const targetsKey = generateKey();
  const next = { root: { targets: { keys: [targetsKey] } } };
  await assert.rejects(change(root, next, [root.vendor.rootKey, targetsKey]), {
    code: 'E_METADATA_SIGNATURE',
  });
  await change(root, next, [...keys.slice(1), targetsKey]);
  const newcomer = await follower(t, root, repository);
  assert.equal((await newcomer.refresh()).state.root, 3);
  await root.restart();
  await newcomer.refresh();
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.match(JSON.stringify(entries), /keys\.release/);
});

test('what would leave nobody able to sign is refused, and changes nothing', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const { rootKey, targetsKey } = root.vendor;
  const stranger = generateKey();
  const before = await trusted(root);
  // Snapshot keys that the root server does not hold.
  const online = { root: { snapshot: { keys: [stranger] } } };
  await assert.rejects(change(root, online, [rootKey]), { code: 'E_INPUT', message: /snapshot/ });
  // Another key for a product, whose role still has the signature of the old one alone.
  const products = new Map([['shop', { keys: [stranger] }]]);
  await assert.rejects(change(root, { products }, [targetsKey]), { code: 'E_METADATA_SIGNATURE' });
  const after = await trusted(root);
  assert.deepEqual(after.root.bytes, before.root.bytes);
  assert.deepEqual(after.targets, before.targets);
  await shop.publish('web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { web: '1.0.0' });
});

test('of two changes from the same version one is told so', async (t) => {
  const root = await rootFixture(t);
  const { rootKey } = root.vendor;
  const keys = [generateKey(), generateKey()];
  const results = await Promise.allSettled(
    keys.map((key) => change(root, { root: { root: { keys: [rootKey, key] } } }, [rootKey])),
  );
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  for (const one of results) {
    if (one.status === 'rejected') assert.equal((one.reason as { code: string }).code, 'E_CONFLICT');
  }
});

test('online keys of the release repository are replaced by a root that names them', async (t) => {
  const root = await rootFixture(t);
  const { repository } = await root.api('releaseRepository');
  const host = await follower(t, root, repository);
  await host.refresh();
  const { keys } = await root.api('releaseKeysAdd', { body: { roles: ['snapshot', 'timestamp'] } });
  const raw = (role: string): Buffer => {
    const found = keys.find((one) => one.role === role);
    return Buffer.from(found?.public ?? '', 'base64url');
  };
  const roles = {
    snapshot: { keys: [publicKeyOf(raw('snapshot'))] },
    timestamp: { keys: [publicKeyOf(raw('timestamp'))] },
  };
  await change(root, { root: roles }, [root.vendor.rootKey]);
  assert.equal((await host.refresh()).state.root, 2);
  assert.equal((await readdir(join(root.folder, 'keys', 'release'))).length, 2);
  await root.restart();
  await (await follower(t, root, repository)).refresh();
});

test("an environment's keys are replaced by the root key that the root server holds", async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const host = await follower(t, root, id);
  await host.refresh();
  const params = environment;
  for (const rotate of [['director'], ['snapshot', 'timestamp'], ['root']] as const) {
    const before = await root.api('environmentKeys', { params });
    const draft = await root.api('environmentKeysNext', { params, body: { rotate: [...rotate] } });
    const { version } = await root.api('environmentKeysPut', { params, body: draft });
    assert.equal(version, before.roots.length + 1);
    assert.equal((await host.refresh()).state.root, version);
    assert.ok(await host.readTarget(desiredStateTarget, 1 << 20));
    const after = await root.api('environmentKeys', { params });
    assert.equal(after.held.length, 4);
    assert.equal(after.held.filter((keyId) => !before.held.includes(keyId)).length, rotate.length);
    await assert.rejects(root.api('environmentKeysPut', { params, body: draft }), { code: 'E_CONFLICT' });
  }
  await root.restart();
  await (await follower(t, root, id)).refresh();
});

test('a change given up leaves the keys in force, also over a restart', async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  await root.api('environmentKeysNext', { params: environment, body: { rotate: ['director', 'root'] } });
  await root.restart();
  const host = await follower(t, root, id);
  assert.equal((await host.refresh()).state.root, 1);
});

test("an operator takes the direction's root key; the root server can't rotate alone any more", async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const mine = generateKey();
  const params = environment;
  const body = {
    rotate: [],
    root: { keys: [Buffer.from(mine.public).toString('base64url')], threshold: 1 },
  };
  const draft = await root.api('environmentKeysNext', { params, body });
  await assert.rejects(root.api('environmentKeysPut', { params, body: draft }), {
    code: 'E_METADATA_SIGNATURE',
  });
  const signed = async ({ base, metadata }: typeof draft) => ({
    base,
    metadata: Buffer.from(await coSign(Buffer.from(metadata), [mine])).toString(),
  });
  await root.api('environmentKeysPut', { params, body: await signed(draft) });
  assert.equal((await root.api('environmentKeys', { params })).held.length, 3);
  const next = await root.api('environmentKeysNext', { params, body: { rotate: ['director'] } });
  await assert.rejects(root.api('environmentKeysPut', { params, body: next }), {
    code: 'E_METADATA_SIGNATURE',
  });
  await root.api('environmentKeysPut', { params, body: await signed(next) });
  const host = await follower(t, root, id);
  assert.equal((await host.refresh()).state.root, 3);
  // A root that names a director whose key is elsewhere would end all directing.
  const { roots } = await root.api('environmentKeys', { params });
  const newest = Buffer.from(roots.at(-1) ?? '');
  const { file } = await draftRoot({
    roles: { ...readRoot(newest).roles, targets: { keys: [generateKey()] } },
    signers: [mine],
    nowMs: root.clock.now(),
    previous: newest,
  });
  const stolen = { base: 3, metadata: Buffer.from(file.bytes).toString() };
  await assert.rejects(root.api('environmentKeysPut', { params, body: stolen }), { code: 'E_INPUT' });
});

test('a root server restored from before a rotation takes the newer roots from a relay, and rotates again', async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const { repository } = await root.api('releaseRepository');
  const { token } = await root.api('tokenCreate', { body: { environment: 'production', serve: true } });
  const relay = await fakeHost(root, token, { name: 'relay', serve: true });
  const tuf = await tempFolder(t, 'tuf');
  const out = join(await tempFolder(t, 'backup'), 'out');
  await root.api('backupCreate', { body: { out } });

  const params = environment;
  const body = { rotate: ['director', 'snapshot', 'timestamp'] as const };
  const draft = await root.api('environmentKeysNext', { params, body: { rotate: [...body.rotate] } });
  await root.api('environmentKeysPut', { params, body: draft });
  const vendorKey = generateKey();
  await change(root, { root: { root: { keys: [vendorKey] } } }, [root.vendor.rootKey, vendorKey]);
  await relay.report((await relay.desiredState(tuf)).assignments);
  const url = await relayCopy(t, relay, root.folder);

  const again = await restoredFixture(t, root, out);
  relay.moveTo(again);
  await relay.report(undefined, { serves: { url, children: [] } });
  // The question for the difference asks the relays.
  await again.api('restored');
  assert.equal((await again.api('environmentKeys', { params })).roots.length, 2);
  assert.equal((await again.api('releaseRepository')).roots.length, 1);
  await again.api('restoreConfirm', { body: { keep: 'hosts' } }).catch((error: unknown) => {
    assert.equal((error as { code: string }).code, 'E_KEY_INVALID');
  });
  await again.restart();
  const anew = await again.api('environmentKeysNext', { params, body: { rotate: ['director'] } });
  await again.api('environmentKeysPut', { params, body: anew });
  await relay.desiredState(tuf);
  const host = await follower(t, again, id);
  assert.equal((await host.refresh()).state.root, 3);
  await (await follower(t, again, repository)).refresh();
  assert.equal((await again.api('restored')).restored, false);
});

test('a crash between a new root and what it names is made good at the next start', async (t) => {
  const root = await rootFixture(t);
  const { id } = await root.api('environmentCreate', { body: { name: 'production' } });
  const { repository } = await root.api('releaseRepository');
  const host = await follower(t, root, id);
  await host.refresh();
  const vendorKey = generateKey();
  await change(root, { root: { root: { keys: [vendorKey] } } }, [root.vendor.rootKey, vendorKey]);
  const body = { rotate: ['director' as const, 'snapshot' as const, 'timestamp' as const] };
  const draft = await root.api('environmentKeysNext', { params: environment, body });
  await root.running().close();
  const at = (of: string) => join(root.folder, 'repository', 'r', of, metadataPath('root', 2));
  // The direction's root was written and nothing signed by its keys; the vendor's was in the database alone.
  await writeFile(at(id), draft.metadata);
  await rm(at(repository));
  await root.restart();
  assert.equal((await host.refresh()).state.root, 2);
  assert.ok(await host.readTarget(desiredStateTarget, 1 << 20));
  assert.equal((await (await follower(t, root, repository)).refresh()).state.root, 2);
});

test('environments that run a product whose key changed are directed anew, and wait for its new metadata', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  const other = await publisher(t, root, 'other');
  for (const one of [shop, other]) {
    await one.publish('web', '1.0.0', { 'index.html': one.product });
    await one.release('1.0.0', { web: '1.0.0' });
    await root.api('environmentCreate', { body: { name: one.product } });
    await root.api('deploymentCreate', {
      body: { kind: 'deploy', product: one.product, version: '1.0.0', environments: [one.product] },
    });
  }
  const shown = (name: string) =>
    root.api('environmentShow', { params: { tenant: 'default', environment: name } });
  const before = { shop: await shown('shop'), other: await shown('other') };
  const next = generateKey();
  const keys = [root.vendor.targetsKey, next];
  await change(root, { products: new Map([['shop', { keys: [next] }]]) }, keys);
  await waitUntil(async () => (await shown('shop')).number > before.shop.number, 10_000, 'a new number');
  assert.equal((await shown('other')).number, before.other.number);
  const file = join(root.folder, 'repository', 'r', (await root.api('releaseRepository')).repository);
  const timestamp = await readFile(join(file, 'metadata', 'timestamp.json'), 'utf8');
  const { snapshotVersion } = await root.api('releaseRepository');
  assert.match(timestamp, new RegExp(`"version":${snapshotVersion}`));
});
