import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Digest, type DomainId, sha256, type Time, XylemError } from '@xylem/core';
import fc from 'fast-check';
import { generateKey, type KeyPair } from '../keys/key-pair.ts';
import { releaseTarget, repositoryIdOf } from '../tuf/names.ts';
import { signProductRole, type TargetDigest } from '../tuf/write/product-role.ts';
import { signRoot } from '../tuf/write/root.ts';
import { type ProductDelegation, signTargets } from '../tuf/write/targets.ts';
import { readCeremony, writeCeremony } from './ceremony.ts';
import {
  type Draft,
  draftChange,
  type KeyChange,
  missingSignatures,
  type TrustedRepository,
  trustRepository,
} from './change.ts';
import { coSign, signedBy } from './co-sign.ts';
import { signedOnlyBy, withoutReleases } from './revoke.ts';
import { checkNextRoot, followRoots } from './roots.ts';
import { changeInWords, shortId } from './words.ts';

const nowMs = Date.parse('2026-11-21T00:00:00Z');
const began = '2026-11-21T00:00:00Z' as Time;
const domain = 'ab'.repeat(16) as DomainId;
const name = `p-${domain}`;

interface Vendor {
  readonly keys: Readonly<Record<'root' | 'targets' | 'shop' | 'online', KeyPair>>;
  readonly trusted: TrustedRepository;
  readonly product: ProductDelegation;
}

const document = (text: string): [string, TargetDigest] => {
  const digest = sha256(text) as Digest;
  return [releaseTarget('shop', digest), { length: text.length, sha256: digest }];
};

async function vendor(shopKeys?: readonly KeyPair[], signers = shopKeys): Promise<Vendor> {
  const keys = { root: generateKey(), targets: generateKey(), shop: generateKey(), online: generateKey() };
  const root = await signRoot({
    roles: {
      root: { keys: [keys.root] },
      targets: { keys: [keys.targets] },
      snapshot: { keys: [keys.online] },
      timestamp: { keys: [keys.online] },
    },
    signers: [keys.root],
    nowMs,
  });
  const product = { product: 'shop', domain, keys: shopKeys ?? [keys.shop] };
  const common = { previousVersion: 0, nowMs };
  const targets = await signTargets({ ...common, products: [product], signers: [keys.targets] });
  const content = { releases: new Map([document('one'), document('two')]), channels: new Map() };
  const roles = await signProductRole({
    product,
    previous: new Map(),
    content,
    signers: signers ?? [keys.shop],
    nowMs,
  });
  const trusted = trustRepository(repositoryIdOf(root.file.bytes), {
    roots: [root.file.bytes],
    targets: targets.file.bytes,
    roles: new Map(roles.map(({ role, file }) => [role, file.bytes])),
  });
  return { keys, trusted, product };
}

const draft = (trusted: TrustedRepository, change: KeyChange): Promise<Draft[]> =>
  draftChange(trusted, change, nowMs + 60_000);

async function signAll(drafts: readonly Draft[], keys: readonly KeyPair[]): Promise<Draft[]> {
  return Promise.all(drafts.map(async (one) => ({ ...one, bytes: await coSign(one.bytes, keys) })));
}

const only = <T>(list: readonly T[]): T => {
  assert.equal(list.length, 1);
  return list[0] as T;
};

test('a root that changes needs the old threshold and the new one', async () => {
  const { keys, trusted } = await vendor();
  const next = [generateKey(), generateKey(), generateKey()];
  const drafts = await draft(trusted, { root: { root: { keys: next, threshold: 2 } } });
  assert.deepEqual(
    drafts.map(({ role }) => role),
    ['root'],
  );
  const { bytes } = only(drafts);
  const attempts: readonly (readonly [readonly KeyPair[], boolean])[] = [
    [[keys.root], false],
    [next, false],
    [[keys.root, ...next.slice(0, 1)], false],
    [[keys.root, ...next.slice(0, 2)], true],
  ];
  for (const [signers, suffices] of attempts) {
    const signed = await coSign(bytes, signers);
    if (suffices) assert.equal(checkNextRoot(trusted.root.bytes, signed).version, 2);
    else assert.throws(() => checkNextRoot(trusted.root.bytes, signed), { code: 'E_METADATA_SIGNATURE' });
    assert.equal(
      missingSignatures(trusted, [{ role: 'root', base: 1, bytes: signed }]).length === 0,
      suffices,
    );
  }
  const second = await coSign(bytes, [keys.root, ...next]);
  const followed = followRoots(trusted.id, [...trusted.roots, second]);
  assert.equal(followed.root.roles.root.threshold, 2);
  assert.throws(() => followRoots(trusted.id, [second]), { code: 'E_METADATA_INVALID' });
  assert.throws(() => followRoots(trusted.id, [...trusted.roots, second, second]), /version/);
});

test('signatures that machines add one after the other come to the same', async () => {
  const [a, b] = [generateKey(), generateKey()];
  const { trusted } = await vendor();
  const { bytes } = only(await draft(trusted, { root: { root: { keys: [a, b], threshold: 2 } } }));
  const both = await coSign(await coSign(bytes, [a]), [b]);
  assert.deepEqual(
    signedBy(both, [a, b, generateKey()]).map(({ keyId }) => keyId),
    [a.keyId, b.keyId],
  );
  assert.deepEqual(await coSign(both, [a]), both);
});

test('other targets keys have the targets signed anew, and nothing else', async () => {
  const { trusted } = await vendor();
  const drafts = await draft(trusted, { root: { targets: { keys: [generateKey()] } } });
  assert.deepEqual(
    drafts.map(({ role }) => role),
    ['root', 'targets'],
  );
});

test('a product with another key has its role signed anew; one that keeps enough keys does not', async () => {
  const { keys, trusted } = await vendor();
  const next = generateKey();
  const rotated = await draft(trusted, { products: new Map([['shop', { keys: [next] }]]) });
  assert.deepEqual(
    rotated.map(({ role }) => role),
    ['targets', name],
  );
  const added = await draft(trusted, { products: new Map([['shop', { keys: [keys.shop, next] }]]) });
  assert.deepEqual(
    added.map(({ role }) => role),
    ['targets'],
  );
});

test('a threshold that no signing can reach is refused', async () => {
  const { keys, trusted } = await vendor();
  for (const threshold of [0, 2]) {
    await assert.rejects(draft(trusted, { root: { root: { keys: [keys.root], threshold } } }), {
      code: 'E_INPUT',
    });
  }
  const twice = { keys: [keys.root, keys.root], threshold: 2 };
  await assert.rejects(draft(trusted, { root: { root: twice } }), { code: 'E_INPUT' });
});

test('what is signed is said in words, all of it', async () => {
  const { keys, trusted } = await vendor();
  const [root, shop] = [generateKey(), generateKey()];
  const [[, gone], [, kept]] = [document('one'), document('two')];
  const drafts = await draft(trusted, {
    root: { root: { keys: [keys.root, root], threshold: 2 } },
    products: new Map([['shop', { keys: [shop] }]]),
    content: (_product, content) => withoutReleases(content, new Set([gone.sha256]), () => undefined),
  });
  const names = new Map([[root.keyId, 'from the safe']]);
  const words = changeInWords(trusted, drafts, (keyId) => names.get(keyId)).join('\n');
  for (const part of [
    'root: version 1 becomes 2',
    `root: the key ${shortId(root.keyId)} (from the safe) may sign from now on`,
    'root: 2 of 2 keys must sign (before: 1 of 1)',
    `product shop: the key ${shortId(keys.shop.keyId)} may no longer sign`,
    `release release/shop/${gone.sha256}.json is not vouched for any more`,
    `release ${gone.sha256} is withdrawn`,
  ]) {
    assert.ok(words.includes(part), `${part}\n${words}`);
  }
  assert.doesNotMatch(words, new RegExp(kept.sha256));
});

test('a ceremony goes from hand to hand as a file', async () => {
  const { keys, trusted } = await vendor();
  const next = [generateKey(), generateKey(), generateKey()];
  let drafts = await draft(trusted, {
    root: { root: { keys: next, threshold: 2 }, targets: { keys: next.slice(0, 1) } },
    products: new Map([['shop', { keys: next.slice(1, 2) }]]),
  });
  for (const signer of [keys.root, ...next.slice(0, 2)]) {
    assert.notEqual(missingSignatures(trusted, drafts).length, 0);
    const read = await readCeremony(writeCeremony({ trusted, drafts, began }), trusted.id);
    drafts = await signAll(read.drafts, [signer]);
  }
  const end = await readCeremony(writeCeremony({ trusted, drafts, began }), undefined);
  assert.deepEqual(missingSignatures(end.trusted, end.drafts), []);
});

test('nothing is slipped into a ceremony that words do not say', async () => {
  const { keys, trusted } = await vendor();
  const stranger = generateKey();
  const drafts = await draft(trusted, {
    root: { root: { keys: [keys.root, stranger] } },
    products: new Map([['shop', { keys: [stranger] }]]),
  });
  const open = async (role: string, change: (signed: Record<string, unknown>) => object) => {
    const changed = drafts.map((one) => {
      if (one.role !== role) return one;
      const json = JSON.parse(Buffer.from(one.bytes).toString()) as { signed: Record<string, unknown> };
      const bytes = Buffer.from(
        JSON.stringify({ ...json, signed: { ...json.signed, ...change(json.signed) } }),
      );
      return { ...one, bytes };
    });
    return await readCeremony(writeCeremony({ trusted, drafts: changed, began }), trusted.id);
  };
  await open('root', () => ({}));
  const changes: [string, (signed: Record<string, unknown>) => object][] = [
    ['root', () => ({ surprise: true })],
    ['root', () => ({ consistent_snapshot: false })],
    ['root', () => ({ version: 3 })],
    ['targets', () => ({ targets: { 'release/shop/x.json': { length: 1, hashes: { sha256: 'a' } } } })],
    ['targets', () => ({ version: 1 })],
    [
      'targets',
      ({ delegations }) => {
        const text = JSON.stringify(delegations).replace('release/shop/*', 'release/*');
        return { delegations: JSON.parse(text) as object };
      },
    ],
    [name, () => ({ xylem: { floor: '1.0.0', other: 1 } })],
  ];
  for (const [role, change] of changes) {
    await assert.rejects(open(role, change), { code: 'E_METADATA_INVALID' }, `${role} ${change.toString()}`);
  }
});

test('a ceremony of another repository, or on an unproved root, is refused', async () => {
  const { keys, trusted } = await vendor();
  const other = await vendor();
  const drafts = await draft(trusted, { root: { root: { keys: [keys.root, generateKey()] } } });
  await assert.rejects(readCeremony(writeCeremony({ trusted, drafts, began }), other.trusted.id), {
    code: 'E_TRUST',
  });
  const forged = await signRoot({
    roles: { ...trusted.root.roles, root: { keys: [other.keys.root] } },
    signers: [keys.root, other.keys.root],
    nowMs,
    previous: trusted.root.bytes,
  });
  const unproved = JSON.parse(Buffer.from(forged.file.bytes).toString()) as {
    signatures: { keyid: string }[];
  };
  unproved.signatures = unproved.signatures.filter(({ keyid }) => keyid !== keys.root.keyId);
  const roots = [...trusted.roots, Buffer.from(JSON.stringify(unproved))];
  await assert.rejects(
    readCeremony(writeCeremony({ trusted: { ...trusted, roots }, drafts, began }), trusted.id),
    {
      code: 'E_METADATA_SIGNATURE',
    },
  );
});

test('releases count as signed only by a key where its peers did not sign along', async () => {
  const [a, b] = [generateKey(), generateKey()];
  const alone = await vendor([a, b], [a]);
  assert.equal(signedOnlyBy(alone.trusted, alone.product, a.keyId).size, 2);
  assert.equal(signedOnlyBy(alone.trusted, alone.product, b.keyId).size, 0);
  const together = await vendor([a, b], [a, b]);
  assert.equal(signedOnlyBy(together.trusted, together.product, a.keyId).size, 0);
});

test('whatever is done to the bytes of a ceremony, it is read, or refused by a code', async () => {
  const { keys, trusted } = await vendor();
  const drafts = await draft(trusted, {
    root: { root: { keys: [keys.root, generateKey()] } },
    products: new Map([['shop', { keys: [generateKey()] }]]),
  });
  const whole = writeCeremony({ trusted, drafts, began });
  const at = fc.nat({ max: whole.length - 1 });
  const token = fc.constantFrom(
    'null',
    '{}',
    '[]',
    '0',
    '-1',
    '1e9',
    '"__proto__"',
    '"',
    '\\"',
    '}',
    ',',
    'true',
  );
  await fc.assert(
    fc.asyncProperty(at, fc.nat({ max: 12 }), token, async (position, length, text) => {
      const changed = Buffer.concat([
        whole.subarray(0, position),
        Buffer.from(text),
        whole.subarray(position + length),
      ]);
      try {
        const open = await readCeremony(changed, trusted.id);
        changeInWords(open.trusted, open.drafts);
        missingSignatures(open.trusted, open.drafts);
      } catch (error) {
        assert.ok(error instanceof XylemError, String((error as Error).stack));
      }
    }),
    { numRuns: 1500 },
  );
});

test('a product with bins goes through a ceremony', async () => {
  const { keys, trusted, product } = await vendor();
  const releases = new Map(Array.from({ length: 120 }, (_, n) => document(`release ${n}`)));
  const signed = await signProductRole({
    product,
    previous: trusted.roles,
    content: { releases, channels: new Map() },
    signers: [keys.shop],
    nowMs: nowMs + 1000,
  });
  const roles = new Map(signed.map(({ role, file }) => [role, file.bytes]));
  const binned = trustRepository(trusted.id, { ...trusted, roles });
  const next = generateKey();
  const drafts = await draft(binned, { products: new Map([['shop', { keys: [next] }]]) });
  assert.equal(drafts.length, 1 + 1 + 16);
  const open = await readCeremony(writeCeremony({ trusted: binned, drafts, began }), trusted.id);
  const all = await signAll(open.drafts, [keys.targets, next]);
  assert.deepEqual(missingSignatures(open.trusted, all), []);
});
