import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ForeignRepository, later } from '../src/testing/foreign-repository.ts';
import { all, Bench, first, trusting } from './testing/bench.ts';

describe('init, refresh and download', () => {
  test('init asks for nothing; a refresh asks for the next root and each role once, and keeps their bytes', async (t) => {
    const bench = await Bench.start(t);
    const spaced = Buffer.concat([bench.repository.file('metadata/timestamp.json'), Buffer.from(' \n')]);
    bench.repository.put('timestamp', spaced);
    assert.equal(await bench.init(), 0);
    assert.deepEqual(bench.requests, []);
    assert.deepEqual(await bench.trusted(), ['root 1']);
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp', 'snapshot 1', 'targets 1']);
    assert.deepEqual(await bench.trusted(), first);
    assert.deepEqual(await bench.kept('timestamp'), spaced);
    bench.requests.length = 0;
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp']);
  });

  test('a root without a version, or with another signature, is not trusted, and nothing is asked for', async (t) => {
    for (const change of [
      (json: { signed: { version?: number } }) => delete json.signed.version,
      (json: { signatures: { sig: string }[] }) =>
        Object.assign(json.signatures[0]!, { sig: '3045'.repeat(18) }),
    ]) {
      const bench = await Bench.start(t);
      const json = JSON.parse(bench.repository.file('metadata/1.root.json').toString()) as never;
      change(json);
      await bench.init(Buffer.from(JSON.stringify(json)));
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual(bench.requests, []);
    }
  });

  test('a download refreshes first, fails for what nobody vouches for, and leaves bad options alone', async (t) => {
    const bench = await Bench.start(t);
    await bench.init();
    assert.equal(await bench.download('nothing of this name'), 1);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp', 'snapshot 1', 'targets 1']);
    assert.deepEqual(await bench.trusted(), first);
    assert.deepEqual(await bench.artifacts(), []);
  });
});

describe('what is refused, and what is kept before it', () => {
  const refusals: [string, (repository: ForeignRepository) => void, string[], string][] = [
    ['a timestamp that nobody signed', (r) => unsigned(r, 'timestamp'), trusting(2, 1, 1, 1), 'timestamp'],
    ['a snapshot that nobody signed', (r) => unsigned(r, 'snapshot'), trusting(2, 1, 1, 2), 'snapshot 2'],
    ['targets that nobody signed', (r) => unsigned(r, 'targets'), trusting(2, 2, 1, 2), 'targets 2'],
    ['no timestamp', (r) => void r.files.delete('metadata/timestamp.json'), first, 'timestamp'],
    [
      'no snapshot',
      (r) => {
        r.timestamp.meta['snapshot.json'].version = 2;
        r.publish('timestamp');
      },
      trusting(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'no targets',
      (r) => {
        r.snapshot.meta['targets.json']!.version = 2;
        r.publish('snapshot', 'timestamp');
      },
      trusting(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'a snapshot of another version than its name',
      (r) => {
        r.publish(...all);
        r.files.set('metadata/2.snapshot.json', r.sign('snapshot', { ...r.snapshot, version: 3 }));
      },
      trusting(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'targets of another version than their name',
      (r) => {
        r.publish(...all);
        r.files.set('metadata/2.targets.json', r.sign('targets', { ...r.targets(), version: 3 }));
      },
      trusting(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'targets of another digest',
      (r) => {
        r.withHashes = true;
        r.publish('targets');
        r.snapshot.meta['targets.json']!.hashes = { sha256: '4'.repeat(64) };
        r.publish('snapshot', 'timestamp');
      },
      trusting(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'a snapshot in the place of a timestamp',
      (r) => {
        const signed = { ...r.snapshot, version: 2, meta: { 'snapshot.json': { version: 1 } } };
        r.put('timestamp', r.sign('timestamp', signed));
      },
      first,
      'timestamp',
    ],
    [
      'an expired timestamp',
      (r) => {
        r.timestamp.expires = later(Date.now(), -5);
        r.publish('timestamp');
      },
      first,
      'timestamp',
    ],
    [
      'an expired snapshot',
      (r) => {
        r.snapshot.expires = later(Date.now(), -5);
        r.publish('snapshot', 'timestamp');
      },
      trusting(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'expired targets',
      (r) => {
        r.targets().expires = later(Date.now(), -5);
        r.publish(...all);
      },
      trusting(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'an expired root, which is kept itself, so that the next one can be',
      (r) => {
        r.publish('root');
        r.root.expires = later(Date.now(), -1);
        r.publish('root', 'timestamp');
      },
      trusting(3, 1, 1, 1),
      'root 4',
    ],
    ['a timestamp without an end', (r) => endless(r), first, 'timestamp'],
  ];
  for (const [name, change, trusted, last] of refusals) {
    test(name, async (t) => {
      const bench = await Bench.start(t);
      await bench.init();
      assert.equal(await bench.refresh(), 0);
      change(bench.repository);
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual(await bench.trusted(), trusted);
      assert.equal(bench.requests.at(-1), last);
    });
  }

  // A client that begins, and a repository that was never right: what was before the fault is kept.
  const beginnings: [string, (repository: ForeignRepository) => void, string[]][] = [
    ['a root that nobody signed', (r) => unsigned(r, 'root'), ['root 1']],
    ['a timestamp that nobody signed', (r) => unsigned(r, 'timestamp'), ['root 2']],
    ['a snapshot that nobody signed', (r) => unsigned(r, 'snapshot'), ['root 2', 'timestamp 2']],
    ['targets that nobody signed', (r) => unsigned(r, 'targets'), ['root 2', 'snapshot 2', 'timestamp 2']],
    ['a root of another version than its name', (r) => misnamed(r, 'root'), ['root 1']],
    ['a snapshot of another version', (r) => misnamed(r, 'snapshot'), ['root 2', 'timestamp 2']],
    ['targets of another version', (r) => misnamed(r, 'targets'), ['root 2', 'snapshot 2', 'timestamp 2']],
  ];
  for (const [name, change, trusted] of beginnings) {
    test(`at the beginning: ${name}`, async (t) => {
      const bench = await Bench.start(t);
      change(bench.repository);
      await bench.init();
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual(await bench.trusted(), trusted);
    });
  }

  test('a snapshot, signed by the keys of the timestamp too, is no timestamp', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    const [both] = repository.signers.get('timestamp') ?? [];
    assert.ok(both);
    repository.setKeys('snapshot', [...(repository.signers.get('snapshot') ?? []), both]);
    repository.snapshot.meta = { 'snapshot.json': { version: 1 } };
    repository.publish('root', 'snapshot');
    repository.put('timestamp', repository.file('metadata/2.snapshot.json'));
    assert.equal(await bench.refresh(), 1);
    assert.deepEqual(await bench.trusted(), ['root 2']);
  });

  test('a connection that ends without an answer is a failure at once', async (t) => {
    const bench = await Bench.start(t);
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    bench.silent.add('metadata/timestamp.json');
    assert.equal(await bench.refresh(), 1);
    assert.equal(bench.requests.at(-1), 'timestamp');
    assert.deepEqual(await bench.trusted(), first);
  });

  function unsigned(repository: ForeignRepository, role: string): void {
    repository.signers.set(role, []);
    repository.publish('root', ...all);
  }

  /** The version after the next, under the name of the next where it is asked for. */
  function misnamed(repository: ForeignRepository, role: string): void {
    repository.signed(role).version += 1;
    repository.publish('root', ...all);
    const path = `metadata/2.${role}.json`;
    repository.files.set(path, repository.file(`metadata/3.${role}.json`));
    if (role !== 'targets') repository.files.delete(`metadata/3.${role}.json`);
    if (role === 'snapshot') repository.timestamp.meta['snapshot.json'].version = 2;
    if (role === 'targets') repository.snapshot.meta['targets.json'] = { version: 2 };
    repository.put('snapshot', repository.sign('snapshot'));
    repository.put('timestamp', repository.sign('timestamp'));
  }

  function endless(repository: ForeignRepository): void {
    repository.publish('timestamp');
    repository.put('timestamp', Buffer.alloc(8 * 1024 * 1024, ' '));
  }
});
