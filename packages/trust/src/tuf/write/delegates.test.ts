import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sha256 } from '@xylem/core';
import { tempFolder, testClock } from '@xylem/testkit';
import { draftChange, trustRepository } from '../../custody/change.ts';
import { withoutDelegates } from '../../custody/revoke.ts';
import { changeInWords } from '../../custody/words.ts';
import {
  dayMs,
  releaseBytes,
  startMs,
  TestReleases,
  testDomain,
  testKey,
} from '../../testing/test-repository.ts';
import { TufClient } from '../client/client.ts';
import { channelTarget, releaseTarget, targetFilePath } from '../names.ts';
import { checkProductRole } from './check-product-role.ts';
import { type Delegate, type DelegatedContent, delegateRoleName, signDelegateRole } from './delegates.ts';
import type { SignedRole } from './metadata.ts';
import { readProductRole, readVouched, targetDigest } from './product-role.ts';

const ci = testKey('ci');
const { keyId, public: publicKey } = ci;
const delegate: Delegate = {
  name: 'ci',
  key: { keyId, public: publicKey },
  channels: ['nightly'],
  untilMs: startMs + 30 * dayMs,
};
const role = delegateRoleName(testDomain, ci.keyId);
const targetOf = (number: number): string => releaseTarget('shop', sha256(releaseBytes(number)));
const released = (...numbers: number[]): DelegatedContent => ({
  releases: new Map(numbers.map((n) => [targetOf(n), targetDigest(releaseBytes(n))])),
  channels: new Map(),
});

/** A vendor whose product has releases by its own key, and delegates to CI. */
async function vendorWith(own: number, of: Delegate = delegate): Promise<TestReleases> {
  const vendor = await TestReleases.make();
  vendor.content = { ...vendor.content, delegates: [of] };
  await vendor.publish(await vendor.release(0, own));
  return vendor;
}

const signAsCi = (
  vendor: TestReleases,
  content: DelegatedContent,
  more: { readonly as?: Delegate; readonly signer?: typeof ci } = {},
): Promise<SignedRole> =>
  signDelegateRole({
    product: vendor.product,
    delegate: more.as ?? delegate,
    previous: undefined,
    content,
    signer: more.signer ?? ci,
    nowMs: startMs,
  });

function upload(vendor: TestReleases, signed: SignedRole, nowMs = startMs) {
  return checkProductRole({
    domain: testDomain,
    targets: vendor.current('targets'),
    current: vendor.roleFiles(),
    uploaded: new Map([[signed.role, signed.file.bytes]]),
    nowMs,
  });
}

async function host(t: TestContext, vendor: TestReleases) {
  const clock = testClock(startMs);
  const client = new TufClient({
    id: vendor.id,
    pinnedRoot: vendor.pinned,
    stateFolder: await tempFolder(t, 'delegates'),
    fetchMetadata: vendor.fetch,
    clock,
  });
  return { client, clock };
}

for (const own of [3, 60]) {
  test(`a host takes what a delegate signed beside ${own} releases, until the delegation ends`, async (t) => {
    const vendor = await vendorWith(own);
    const { client, clock } = await host(t, vendor);
    await client.refresh();
    // Before the delegate has signed anything its role is nowhere, and nothing is missed.
    assert.equal((await client.target(targetOf(1)))?.digest, sha256(releaseBytes(1)));
    assert.equal(await client.target(targetOf(900)), null);

    const signed = await signAsCi(vendor, released(900));
    const { vouched, content } = upload(vendor, signed);
    assert.ok(vouched.releases.has(targetOf(900)));
    assert.ok(!content.releases.has(targetOf(900)));
    const bytes = releaseBytes(900);
    vendor.files.set(targetFilePath(targetOf(900), sha256(bytes)), bytes);
    await vendor.publish([signed]);
    await client.refresh();
    assert.deepEqual(await client.readTarget(targetOf(900), 4096), bytes);
    assert.deepEqual((await client.target(targetOf(900)))?.roles, ['targets', `p-${testDomain}`, role]);

    // After its end: what it signed is refused, also where direction vouches for the snapshot; all else goes on.
    await clock.advance(30 * dayMs);
    const vouchedSnapshot = vendor.versions.get('snapshot') ?? 0;
    await client.refresh({ vouchedSnapshot });
    assert.equal(await client.target(targetOf(900), { vouchedSnapshot }), null);
    assert.equal((await client.target(targetOf(1), { vouchedSnapshot }))?.path, targetOf(1));
    const files = vendor.roleFiles();
    assert.equal(readVouched(vendor.product, files, clock.now()).releases.size, own);
    assert.deepEqual(readProductRole(vendor.product, files).delegates, [delegate]);
  });
}

test('a delegate may do no more than its delegation says', async () => {
  const vendor = await vendorWith(60);
  const set = (channel: string): DelegatedContent => ({
    releases: new Map(),
    channels: new Map([[channelTarget('shop', channel), targetDigest(Buffer.from('x'))]]),
  });
  upload(vendor, await signAsCi(vendor, set('nightly')));
  const refused = async (signed: Promise<SignedRole>, code: string, nowMs = startMs): Promise<void> => {
    const one = await signed;
    assert.throws(() => upload(vendor, one, nowMs), { code });
  };
  await refused(signAsCi(vendor, set('stable')), 'E_METADATA_INVALID');
  const other = {
    releases: new Map([['release/other/x.json', targetDigest(Buffer.from('x'))]]),
    channels: new Map(),
  };
  await refused(signAsCi(vendor, other), 'E_METADATA_INVALID');
  await refused(signAsCi(vendor, released(900), { signer: testKey('thief') }), 'E_METADATA_SIGNATURE');
  await refused(
    signAsCi(vendor, released(900), { as: { ...delegate, untilMs: startMs + 60 * dayMs } }),
    'E_METADATA_INVALID',
  );
  await refused(signAsCi(vendor, released(900)), 'E_METADATA_EXPIRED', delegate.untilMs);
  // With another length it would keep a release of the product's own key from hosts.
  const shadow = {
    releases: new Map([[targetOf(5), { ...targetDigest(releaseBytes(5)), length: 1 }]]),
    channels: new Map(),
  };
  await refused(signAsCi(vendor, shadow), 'E_METADATA_INVALID');
  const stranger = { ...delegate, key: testKey('stranger') };
  await refused(
    signAsCi(vendor, released(900), { as: stranger, signer: testKey('stranger') }),
    'E_METADATA_INVALID',
  );
});

test('what is said about a delegate survives the signing of the product, and a delegation longer than a year is refused', async () => {
  const vendor = await vendorWith(60);
  await vendor.publish(await vendor.release(60, 1));
  assert.deepEqual(readProductRole(vendor.product, vendor.roleFiles()).delegates, [delegate]);
  assert.deepEqual(await vendor.sign(), []);
  vendor.content = { ...vendor.content, delegates: [{ ...delegate, untilMs: startMs + 400 * dayMs }] };
  const signed = (await vendor.sign()).find((one) => one.role === `p-${testDomain}`);
  assert.ok(signed);
  assert.throws(() => upload(vendor, signed), { code: 'E_METADATA_INVALID' });
});

test('a revocation of a key of the product ends what that key may have delegated', async () => {
  const vendor = await vendorWith(60);
  const trusted = trustRepository(vendor.id, {
    roots: [vendor.pinned],
    targets: vendor.current('targets'),
    roles: vendor.roleFiles(),
  });
  const products = new Map([['shop', { keys: [testKey('successor')] }]]);
  const content = (_product: string, present: typeof vendor.content) => withoutDelegates(present);
  const drafts = await draftChange(trusted, { products, content }, startMs);
  assert.match(changeInWords(trusted, drafts).join('\n'), /no longer: the delegate ci/);
});

test('whoever is asked to sign reads who is delegated to, what for and how long', async () => {
  const vendor = await vendorWith(1);
  const trusted = trustRepository(vendor.id, {
    roots: [vendor.pinned],
    targets: vendor.current('targets'),
    roles: vendor.roleFiles(),
  });
  const wordsOf = async (delegates: readonly Delegate[]): Promise<string> => {
    vendor.content = { ...vendor.content, delegates };
    const [signed] = await vendor.sign();
    assert.ok(signed);
    const base = vendor.versions.get(signed.role) ?? 0;
    return changeInWords(trusted, [{ role: signed.role, base, bytes: signed.file.bytes }]).join('\n');
  };
  const longer = { ...delegate, channels: ['nightly', 'stable'] };
  assert.match(
    await wordsOf([longer]),
    new RegExp(`ci \\(${keyId.slice(0, 16)}\\) may sign .*the channel stable`),
  );
  assert.match(await wordsOf([]), /no longer: the delegate ci/);
});
