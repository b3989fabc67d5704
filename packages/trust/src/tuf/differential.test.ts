import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { XylemError } from '@xylem/core';
import { clientOf, httpFetch, stockOf, TestClock, temporaryFolder } from '../testing/readers.ts';
import {
  changeState,
  dayMs,
  directionRepository,
  director,
  serveFiles,
  startMs,
  type TestRepository,
  testKey,
} from '../testing/test-repository.ts';
import { desiredStateTarget } from './names.ts';
import { signRoot } from './write/root.ts';
import { signSnapshot, signTimestamp } from './write/snapshot.ts';

/**
 * One attack on a follower who accepted "second": it changes what is served. `code` is our refusal. The oracle must
 * refuse as well, and both must still accept the honest repository afterwards, unless the attack burns it.
 */
interface Attack {
  readonly name: string;
  readonly code: string;
  /** Returns what is served from now on. */
  attack(repository: TestRepository, t: Served): Promise<void> | void;
}

interface Served {
  /** Path to bytes that replace what the repository holds; null: absent. */
  readonly replaced: Map<string, Uint8Array | null>;
  setTime(nowMs: number): void;
}

const timestampPath = 'metadata/timestamp.json';

/** Changes one character inside the signed part. */
function tampered(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('utf8');
  const changed = text.replace(
    /"expires":"(\d{4})/,
    (_all, year: string) => `"expires":"${Number(year) + 1}`,
  );
  assert.notEqual(changed, text);
  return Buffer.from(changed);
}

/** Signs a timestamp over a snapshot that the attacker made, by the repository's keys. */
async function withTimestamp(repository: TestRepository, snapshot: Uint8Array): Promise<Uint8Array> {
  const signed = await signTimestamp({
    repository: repository.id,
    previous: repository.files.get(timestampPath)!,
    snapshot,
    signers: [repository.keys.timestamp],
    nowMs: repository.nowMs,
  });
  return signed.file.bytes;
}

async function serveSnapshot(
  repository: TestRepository,
  served: Served,
  edit: (meta: Record<string, { version: number }>) => void,
): Promise<void> {
  const json = JSON.parse(Buffer.from(repository.current('snapshot')).toString()) as {
    signed: { meta: Record<string, { version: number }> };
  };
  edit(json.signed.meta);
  const signed = await signSnapshot({
    previous: Buffer.from(JSON.stringify(json)),
    changed: [],
    signers: [repository.keys.snapshot],
    nowMs: repository.nowMs,
  });
  served.replaced.set(signed.file.path, signed.file.bytes);
  served.replaced.set(timestampPath, await withTimestamp(repository, signed.file.bytes));
}

const attacks: Attack[] = [
  ...(['timestamp', 'snapshot', 'targets'] as const).map((role) => ({
    name: `tampered ${role}`,
    code: role === 'timestamp' ? 'E_METADATA_SIGNATURE' : 'E_METADATA_INVALID',
    attack: async (repository: TestRepository, { replaced }: Served) => {
      await changeState(repository, 'third');
      const path =
        role === 'timestamp' ? timestampPath : `metadata/${repository.versions.get(role)}.${role}.json`;
      replaced.set(path, tampered(repository.files.get(path)!));
    },
  })),
  ...(['timestamp', 'snapshot', 'targets'] as const).map((role) => ({
    name: `${role} by a foreign key`,
    code: 'E_METADATA_SIGNATURE',
    attack: async (repository: TestRepository) => {
      const own = repository.keys[role];
      repository.keys[role] = testKey('attacker');
      await changeState(repository, 'third');
      repository.keys[role] = own;
    },
  })),
  {
    name: 'older timestamp',
    code: 'E_METADATA_ROLLBACK',
    attack: (_repository, { replaced }) => {
      replaced.set(timestampPath, remembered.first);
    },
  },
  {
    name: 'newer timestamp of an older snapshot',
    code: 'E_METADATA_ROLLBACK',
    attack: async (repository, { replaced }) => {
      const old = [...repository.files].find(([path]) => path.endsWith('.snapshot.json'))!;
      replaced.set(timestampPath, await withTimestamp(repository, old[1]));
    },
  },
  {
    name: 'newer snapshot of older targets',
    code: 'E_METADATA_ROLLBACK',
    attack: async (repository, served) => {
      await serveSnapshot(repository, served, (meta) => {
        meta['targets.json']!.version -= 1;
      });
    },
  },
  {
    name: 'role that disappears from the snapshot',
    code: 'E_METADATA_INVALID',
    attack: async (repository, served) => {
      await serveSnapshot(repository, served, (meta) => {
        delete meta['targets.json'];
      });
    },
  },
  {
    name: 'snapshot other than the timestamp names',
    code: 'E_METADATA_INVALID',
    attack: async (repository, { replaced }) => {
      const old = repository.current('snapshot');
      await changeState(repository, 'third');
      replaced.set(`metadata/${repository.versions.get('snapshot')}.snapshot.json`, old);
    },
  },
  {
    name: 'targets other than the snapshot names',
    code: 'E_METADATA_INVALID',
    attack: async (repository, { replaced }) => {
      const old = repository.current('targets');
      await changeState(repository, 'third');
      replaced.set(`metadata/${repository.versions.get('targets')}.targets.json`, old);
    },
  },
  {
    name: 'frozen timestamp',
    code: 'E_METADATA_EXPIRED',
    attack: (_repository, { setTime }) => setTime(startMs + 8 * dayMs),
  },
  {
    name: 'frozen snapshot',
    code: 'E_METADATA_EXPIRED',
    attack: async (repository, { replaced, setTime }) => {
      setTime(startMs + 31 * dayMs);
      const snapshot = repository.current('snapshot');
      repository.nowMs = startMs + 31 * dayMs;
      replaced.set(timestampPath, await withTimestamp(repository, snapshot));
    },
  },
  {
    name: 'frozen targets',
    code: 'E_METADATA_EXPIRED',
    attack: async (repository, { setTime }) => {
      setTime(startMs + 31 * dayMs);
      repository.nowMs = startMs + 31 * dayMs;
      await repository.publish([]);
    },
  },
  {
    name: 'frozen root',
    code: 'E_METADATA_EXPIRED',
    attack: async (repository, { setTime }) => {
      setTime(startMs + 3654 * dayMs);
      repository.nowMs = startMs + 3654 * dayMs;
      await changeState(repository, 'third');
    },
  },
  {
    name: 'root by the new key alone',
    code: 'E_METADATA_SIGNATURE',
    attack: async (repository, { replaced }) => {
      const thief = testKey('thief');
      const root = await signRoot({
        roles: { ...repository.roles, root: { keys: [thief] } },
        signers: [thief],
        nowMs: repository.nowMs,
      });
      replaced.set('metadata/2.root.json', withVersion(root.file.bytes, 2));
    },
  },
  {
    name: 'root of the same version again',
    code: 'E_METADATA_INVALID',
    attack: (repository, { replaced }) => {
      replaced.set('metadata/2.root.json', repository.pinned);
    },
  },
  {
    name: 'root that skips a version',
    code: 'E_METADATA_INVALID',
    attack: async (repository, { replaced }) => {
      const { roles, nowMs, keys } = repository;
      const second = await signRoot({ roles, signers: [keys.root], nowMs, previous: repository.pinned });
      const third = await signRoot({ roles, signers: [keys.root], nowMs, previous: second.file.bytes });
      replaced.set('metadata/2.root.json', third.file.bytes);
    },
  },
  {
    name: 'metadata of another repository',
    code: 'E_METADATA_SIGNATURE',
    attack: async (_repository, { replaced }) => {
      const other = await directionRepository('another');
      await changeState(other, 'theirs');
      for (const [path, bytes] of other.files) replaced.set(path, bytes);
    },
  },
  {
    name: 'no timestamp',
    code: 'E_METADATA_MISSING',
    attack: (_repository, { replaced }) => {
      replaced.set(timestampPath, null);
    },
  },
  {
    name: 'no snapshot',
    code: 'E_METADATA_MISSING',
    attack: async (repository, { replaced }) => {
      await changeState(repository, 'third');
      replaced.set(`metadata/${repository.versions.get('snapshot')}.snapshot.json`, null);
    },
  },
  {
    name: 'endless timestamp',
    code: 'E_TOO_LARGE',
    attack: (_repository, { replaced }) => {
      replaced.set(timestampPath, Buffer.alloc(8 * 1024 * 1024, ' '));
    },
  },
  {
    name: 'snapshot longer than the timestamp says',
    code: 'E_TOO_LARGE',
    attack: async (repository, { replaced }) => {
      await changeState(repository, 'third');
      const path = `metadata/${repository.versions.get('snapshot')}.snapshot.json`;
      replaced.set(path, Buffer.concat([repository.files.get(path)!, Buffer.alloc(1024 * 1024, ' ')]));
    },
  },
  {
    name: 'timestamp that is no JSON',
    code: 'E_METADATA_INVALID',
    attack: (_repository, { replaced }) => {
      replaced.set(timestampPath, Buffer.from('<html>captive portal</html>'));
    },
  },
  {
    name: 'signature twice under one key id',
    code: 'E_METADATA_INVALID',
    attack: async (repository, { replaced }) => {
      await changeState(repository, 'third');
      const json = JSON.parse(Buffer.from(repository.files.get(timestampPath)!).toString()) as {
        signatures: object[];
      };
      json.signatures.push(json.signatures[0]!);
      replaced.set(timestampPath, Buffer.from(JSON.stringify(json)));
    },
  },
];

const remembered: { first: Uint8Array } = { first: new Uint8Array() };

for (const { name, code, attack } of attacks) {
  test(`both refuse: ${name}`, async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: startMs });
    const repository = await directionRepository('differential');
    remembered.first = repository.files.get(timestampPath)!;
    const replaced: Served['replaced'] = new Map();
    const server = await serveFiles((path) =>
      replaced.has(path) ? (replaced.get(path) ?? null) : (repository.files.get(path) ?? null),
    );
    t.after(server.close);
    const folder = await temporaryFolder(t);
    const clock = new TestClock(startMs);
    const ours = clientOf(repository, folder, clock, httpFetch(server.url));
    const stock = await stockOf(repository, join(folder, 'stock'), server.url);
    await changeState(repository, 'second');
    await ours.refresh();
    await stock().refresh();
    const trusted = ours.state();
    const honestTimestamp = repository.files.get(timestampPath)!;

    await attack(repository, { replaced, setTime: (nowMs) => setTime(t, clock, nowMs) });

    await assert.rejects(ours.refresh(), (error) => {
      assert.ok(error instanceof XylemError, String(error));
      assert.equal(error.code, code, error.message);
      return true;
    });
    await assert.rejects(stock().refresh());
    assert.deepEqual(ours.state(), trusted, 'what was trusted stays');
    const kept = await ours.readTarget(desiredStateTarget, 1000, { evenExpired: true });
    assert.equal(kept?.toString(), 'second');
    if (code === 'E_METADATA_EXPIRED') await assert.rejects(ours.target(desiredStateTarget), { code });

    // Nothing of the attack was stored: a new process trusts the same, and follows the honest repository again.
    const again = clientOf(repository, folder, clock, httpFetch(server.url));
    assert.deepEqual(await again.open(), trusted);
    replaced.clear();
    repository.files.set(timestampPath, honestTimestamp);
    if (name === 'frozen root') return;
    repository.nowMs = clock.nowMs;
    await changeState(repository, 'honest');
    assert.equal((await again.refresh()).changed, true);
    assert.equal((await again.readTarget(desiredStateTarget, 1000))?.toString(), 'honest');
  });
}

test('both follow a rotation of the root from 1 of 1 to 2 of 3, and refuse too few signatures', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: startMs });
  const repository = await directionRepository('rotation');
  const server = await serveFiles((path) => repository.files.get(path) ?? null);
  t.after(server.close);
  const folder = await temporaryFolder(t);
  const clock = new TestClock(startMs);
  const ours = clientOf(repository, folder, clock, httpFetch(server.url));
  const stock = await stockOf(repository, join(folder, 'stock'), server.url);
  await ours.refresh();
  const [a, b, c] = [testKey('a'), testKey('b'), testKey('c')];
  const roles = { ...repository.roles, root: { keys: [a, b, c], threshold: 2 } };
  const { nowMs } = repository;
  const second = await signRoot({
    roles,
    signers: [repository.keys.root, a, c],
    nowMs,
    previous: repository.pinned,
  });
  repository.write([second.file]);
  await ours.refresh();
  await stock().refresh();
  assert.equal(ours.state().root, 2);
  await assert.rejects(signRoot({ roles, signers: [a], nowMs, previous: second.file.bytes }), {
    code: 'E_METADATA_SIGNATURE',
  });
  const third = await signRoot({ roles, signers: [b, c], nowMs, previous: second.file.bytes });
  const json = JSON.parse(Buffer.from(third.file.bytes).toString()) as { signatures: object[] };
  json.signatures.pop();
  repository.write([{ path: third.file.path, bytes: Buffer.from(JSON.stringify(json)) }]);
  await assert.rejects(ours.refresh(), { code: 'E_METADATA_SIGNATURE' });
  await assert.rejects(stock().refresh());
  repository.write([third.file]);
  await ours.refresh();
  await stock().refresh();
  assert.equal(ours.state().root, 3);
  // A newcomer walks the whole chain from the pinned root.
  const newcomer = clientOf(repository, await temporaryFolder(t), clock, httpFetch(server.url));
  await newcomer.refresh();
  assert.equal(newcomer.state().root, 3);
});

test('both recover from versions that a stolen timestamp key drove up (5.3.11)', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: startMs });
  const repository = await directionRepository('fast forward');
  const server = await serveFiles((path) => repository.files.get(path) ?? null);
  t.after(server.close);
  const folder = await temporaryFolder(t);
  const clock = new TestClock(startMs);
  const ours = clientOf(repository, folder, clock, httpFetch(server.url));
  await ours.refresh();
  const honest = repository.files.get(timestampPath)!;
  repository.nowMs = startMs + 3000 * dayMs;
  await changeState(repository, 'burnt');
  await ours.refresh();
  assert.equal(ours.state().floorMs, startMs + 3000 * dayMs);
  repository.nowMs = startMs;
  repository.files.set(timestampPath, honest);
  const versions = JSON.parse(Buffer.from(honest).toString()) as {
    signed: { meta: { 'snapshot.json': { version: number } } };
  };
  repository.versions.set('snapshot', versions.signed.meta['snapshot.json'].version);
  await assert.rejects(ours.refresh(), { code: 'E_METADATA_ROLLBACK' });
  repository.keys.timestamp = testKey('replacement');
  repository.keys.snapshot = testKey('replacement of snapshot');
  repository.roles = {
    ...repository.roles,
    timestamp: { keys: [repository.keys.timestamp] },
    snapshot: { keys: [repository.keys.snapshot] },
  };
  const { roles, keys, nowMs } = repository;
  const root = await signRoot({ roles, signers: [keys.root], nowMs, previous: repository.pinned });
  repository.write([root.file]);
  const targets = await director(repository, 'healed');
  repository.write([targets.target]);
  await repository.publish([targets]);
  await ours.refresh();
  assert.equal(ours.state().floorMs, startMs);
  assert.equal((await ours.readTarget(desiredStateTarget, 1000))?.toString(), 'healed');
});

function setTime(t: TestContext, clock: TestClock, nowMs: number): void {
  clock.nowMs = nowMs;
  t.mock.timers.setTime(nowMs);
}

function withVersion(bytes: Uint8Array, version: number): Uint8Array {
  const json = JSON.parse(Buffer.from(bytes).toString()) as { signed: { version: number } };
  json.signed.version = version;
  return Buffer.from(JSON.stringify(json));
}
