import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import {
  type ForeignKey,
  ForeignRepository,
  foreignKey,
  later,
  type Scheme,
} from '../src/testing/foreign-repository.ts';

/** One run of the suite's kind: a repository behind real HTTP, and the client as a process of its own. */
class Bench {
  readonly repository: ForeignRepository;
  /** `root 2`, `timestamp`, `targets 1`, names as they were quoted in the URL; targets by their path. */
  readonly requests: string[] = [];
  readonly folder: string;
  #url = '';

  private constructor(repository: ForeignRepository, folder: string) {
    this.repository = repository;
    this.folder = folder;
  }

  static async start(t: TestContext, scheme?: Scheme): Promise<Bench> {
    const repository = new ForeignRepository(Date.now(), scheme);
    const bench = new Bench(repository, await mkdtemp(join(tmpdir(), 'xylem-conformance-')));
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice('/a%20test/'.length);
      const [, version, role] = /^metadata\/(?:(\d+)\.)?(.+)\.json$/.exec(path) ?? [];
      bench.requests.push(role === undefined ? path : [role, version].filter(Boolean).join(' '));
      const bytes = repository.files.get(decodeURIComponent(path));
      if (bytes === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bench.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20test`;
    for (const name of ['metadata', 'targets']) await mkdir(join(bench.folder, name));
    t.after(async () => {
      server.closeAllConnections();
      server.close();
      await rm(bench.folder, { recursive: true });
    });
    return bench;
  }

  async init(root: Uint8Array = this.repository.file('metadata/1.root.json')): Promise<number> {
    const path = join(this.folder, 'initial_root.json');
    await writeFile(path, root);
    return this.#run(['--metadata-dir', join(this.folder, 'metadata'), 'init', path]);
  }

  async refresh(days = 0): Promise<number> {
    return this.#run([...this.#repositoryOptions(), 'refresh'], days);
  }

  async download(target: string, days = 0): Promise<number> {
    const more = ['--target-name', target, '--target-dir', join(this.folder, 'targets')];
    const url = ['--target-base-url', `${this.#url}/targets/`];
    return this.#run([...this.#repositoryOptions(), ...more, ...url, 'download'], days);
  }

  /** `root 1`, `snapshot 1`, …: what the client trusts, by the files that it keeps. */
  async trusted(): Promise<string[]> {
    const names = (await readdir(join(this.folder, 'metadata'))).filter((name) => name.endsWith('.json'));
    const roles = names.sort().map(async (name) => {
      const { signed } = JSON.parse(await readFile(join(this.folder, 'metadata', name), 'utf8')) as {
        signed: { version: number };
      };
      return `${name.slice(0, -'.json'.length)} ${signed.version}`;
    });
    return Promise.all(roles);
  }

  async kept(role: string): Promise<Buffer> {
    return readFile(join(this.folder, 'metadata', `${role}.json`));
  }

  async artifacts(): Promise<string[]> {
    const folder = join(this.folder, 'targets');
    return Promise.all((await readdir(folder)).map(async (name) => readFile(join(folder, name), 'utf8')));
  }

  #repositoryOptions(): string[] {
    return ['--metadata-url', `${this.#url}/metadata/`, '--metadata-dir', join(this.folder, 'metadata')];
  }

  #run(args: readonly string[], days = 0): Promise<number> {
    const client = join(import.meta.dirname, 'client');
    const [program, ...first] = days === 0 ? [client] : ['faketime', '-f', `+${days}d`, client];
    return new Promise((resolve, reject) => {
      execFile(program ?? client, [...first, ...args], { timeout: 60_000 }, (error, _out, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else if (error !== null && stderr === '') reject(new Error('it failed without a word'));
        else resolve(error === null ? 0 : Number(error.code));
      });
    });
  }
}

const all = ['targets', 'snapshot', 'timestamp'] as const;
const first = ['root 1', 'snapshot 1', 'targets 1', 'timestamp 1'];

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

  test('an artifact is fetched by its digest, kept, not fetched twice, and replaced when it changed', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    for (const path of ['plain.txt', 'path/to/a file.txt']) {
      repository.addTarget(path, Buffer.from(`first of ${path}`));
      repository.publish(...all);
      assert.equal(await bench.download(path), 0, path);
    }
    assert.deepEqual((await bench.artifacts()).sort(), ['first of path/to/a file.txt', 'first of plain.txt']);
    assert.match(bench.requests.at(-1) ?? '', /^targets\/path\/to\/[0-9a-f]{64}\.a%20file\.txt$/);
    bench.requests.length = 0;
    assert.equal(await bench.download('plain.txt'), 0);
    assert.deepEqual(bench.requests, ['root 2', 'timestamp']);
    repository.addTarget('plain.txt', Buffer.from('second'));
    repository.publish(...all);
    assert.equal(await bench.download('plain.txt'), 0);
    assert.deepEqual((await bench.artifacts()).sort(), ['first of path/to/a file.txt', 'second']);
  });

  test('other bytes in the place of an artifact, longer or shorter ones, are not taken', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.addTarget('file', Buffer.from('honest'));
    repository.publish(...all);
    await bench.init();
    const path = [...repository.files.keys()].find((name) => name.startsWith('targets/')) ?? '';
    for (const bytes of ['malice', 'honest and more', 'hon', 'x'.repeat(1_000_000)]) {
      repository.files.set(path, Buffer.from(bytes));
      assert.equal(await bench.download('file'), 1);
      assert.deepEqual(await bench.artifacts(), []);
    }
  });
});

describe('keys', () => {
  const wrong = '3046022100'.padEnd(144, 'a');
  for (const scheme of [
    'rsassa-pss-sha256',
    'rsa-pkcs1v15-sha256',
    'ecdsa-sha2-nistp256',
    'ed25519',
  ] as const) {
    test(`${scheme}: a signature counts, and one that only looks like it does not`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      const more = foreignKey(scheme);
      repository.setKeys('root', [...(repository.signers.get('root') ?? []), more], { threshold: 2 });
      repository.publish('root');
      assert.equal(await bench.refresh(), 0);
      repository.publish('root');
      const json = JSON.parse(repository.file('metadata/3.root.json').toString()) as {
        signatures: { keyid: string; sig: string }[];
      };
      for (const entry of json.signatures) if (entry.keyid === more.keyid) entry.sig = wrong;
      repository.put('root', Buffer.from(JSON.stringify(json)));
      assert.equal(await bench.refresh(), 1);
      assert.equal((await bench.trusted())[0], 'root 2');
    });
  }

  test('bad signatures beside enough good ones do no harm, the same key id twice does', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    const [good] = repository.signers.get('timestamp') ?? [];
    assert.ok(good);
    for (const sig of [wrong, '', 'no hex']) {
      repository.setKeys('timestamp', [{ ...foreignKey(), sign: () => sig }, good]);
      repository.publish('root', 'timestamp');
      assert.equal(await bench.refresh(), 0, sig);
    }
    repository.setKeys('timestamp', [good, good]);
    repository.root.roles.timestamp!.keyids.pop();
    repository.publish('root', 'timestamp');
    assert.equal(await bench.refresh(), 1);
  });

  test('a threshold counts keys: not one key often, not keys that did not sign', async (t) => {
    const key = foreignKey();
    const cases: [ForeignKey[], ForeignKey[]][] = [
      [[key], [key, key, key]],
      [[key], [key, foreignKey(), foreignKey()]],
      [
        [key, foreignKey()],
        [key, foreignKey()],
      ],
    ];
    for (const [signers, keys] of cases) {
      const bench = await Bench.start(t);
      await bench.init();
      bench.repository.setKeys('snapshot', signers, { keys, threshold: 2 });
      bench.repository.publish('root', 'snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.ok(!(await bench.trusted()).some((role) => role.startsWith('snapshot')));
    }
  });

  test('fields that nobody knows are signed with the rest and otherwise passed over', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    const key = foreignKey('ecdsa-sha2-nistp256', { 'x-note': { a: 1 }, keyid_hash_algorithms: ['md5'] });
    repository.setKeys('snapshot', [key]);
    Object.assign(repository.root, { 'x-field': ['ü', null, true] });
    Object.assign(repository.root.roles.root!, { 'x-more': 'value' });
    repository.publish('root', 'snapshot', 'timestamp');
    assert.equal(await bench.refresh(), 0);
    assert.deepEqual(await bench.trusted(), ['root 2', 'snapshot 2', 'targets 1', 'timestamp 2']);
  });
});

describe('rotation of root keys', () => {
  const pool = Array.from({ length: 10 }, () => foreignKey('ed25519'));
  const pick = (numbers: string): ForeignKey[] => numbers.split('').map((digit) => pool[Number(digit)]!);
  // Each version: its keys, its threshold, who signs; last, how many of the versions are taken.
  const rotations: [string, [string, number, string][], number][] = [
    [
      'one key by the next',
      [
        ['1', 1, '1'],
        ['2', 1, '12'],
        ['2', 1, '2'],
      ],
      3,
    ],
    [
      'with signatures of strangers',
      [
        ['1', 1, '314'],
        ['2', 1, '1324'],
        ['2', 1, '324'],
      ],
      3,
    ],
    [
      'three of five, whoever they are',
      [
        ['01234', 3, '024'],
        ['01234', 3, '041'],
        ['01234', 3, '013'],
      ],
      3,
    ],
    [
      'one of five replaced',
      [
        ['01234', 3, '024'],
        ['01345', 3, '041'],
      ],
      2,
    ],
    [
      'all replaced',
      [
        ['01234', 3, '024'],
        ['56789', 3, '024567'],
        ['56789', 3, '567'],
      ],
      3,
    ],
    [
      'a threshold that rises',
      [
        ['123', 1, '1'],
        ['123', 2, '12'],
      ],
      2,
    ],
    [
      'a threshold that falls',
      [
        ['123', 2, '12'],
        ['123', 1, '12'],
        ['123', 1, '1'],
      ],
      3,
    ],
    [
      'without the old key',
      [
        ['1', 1, '1'],
        ['2', 1, '234'],
      ],
      1,
    ],
    [
      'without the new key',
      [
        ['1', 1, '1'],
        ['2', 1, '134'],
      ],
      1,
    ],
    [
      'below the new threshold',
      [
        ['01234', 3, '024'],
        ['01345', 3, '024'],
      ],
      1,
    ],
    [
      'below the old threshold',
      [
        ['01234', 3, '024'],
        ['01345', 3, '045'],
      ],
      1,
    ],
    [
      'a threshold that rises unmet',
      [
        ['123', 1, '1'],
        ['123', 2, '2'],
      ],
      1,
    ],
    [
      'a threshold that falls, the old one unmet',
      [
        ['123', 2, '12'],
        ['123', 1, '1'],
      ],
      1,
    ],
  ];
  for (const [name, versions, taken] of rotations) {
    test(name, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.root.version = 0;
      for (const [keys, threshold, signers] of versions) {
        repository.setKeys('root', pick(signers), { keys: pick(keys), threshold });
        repository.publish('root');
      }
      await bench.init();
      assert.equal(await bench.refresh(), taken === versions.length ? 0 : 1);
      assert.deepEqual(await bench.kept('root'), repository.file(`metadata/${taken}.root.json`));
    });
  }

  test('a root that is not the next one, and one that skips, is refused', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    repository.publish('root');
    const second = repository.file('metadata/2.root.json');
    repository.publish('root');
    repository.files.set('metadata/2.root.json', repository.file('metadata/3.root.json'));
    assert.equal(await bench.refresh(), 1);
    repository.files.set('metadata/2.root.json', second);
    repository.files.set('metadata/3.root.json', second);
    assert.equal(await bench.refresh(), 1);
    assert.deepEqual(await bench.trusted(), ['root 2']);
  });

  for (const role of all) {
    test(`new keys for ${role} take effect at once, also for what the client has`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      assert.equal(await bench.refresh(), 0);
      const [one, two, three] = [foreignKey(), foreignKey(), foreignKey()];
      repository.setKeys(role, [one], { keys: [one, two, three], threshold: 2 });
      repository.publish('root');
      repository.put(role, repository.sign(role));
      assert.equal(await bench.refresh(), 1);
      repository.signers.set(role, [three, one]);
      repository.put(role, repository.sign(role));
      assert.equal(await bench.refresh(), 0);
      assert.deepEqual(await bench.kept(role), served(bench, role));
    });
  }
});

function served(bench: Bench, role: string): Uint8Array {
  const name = role === 'timestamp' ? role : `${bench.repository.signed(role).version}.${role}`;
  return bench.repository.file(`metadata/${name}.json`);
}

describe('what is refused, and what is kept before it', () => {
  const refusals: [string, (repository: ForeignRepository) => void, string[], string][] = [
    ['a timestamp that nobody signed', (r) => unsigned(r, 'timestamp'), first, 'timestamp'],
    ['a snapshot that nobody signed', (r) => unsigned(r, 'snapshot'), kept(1, 1, 1, 2), 'snapshot 2'],
    ['targets that nobody signed', (r) => unsigned(r, 'targets'), kept(1, 2, 1, 2), 'targets 2'],
    ['no timestamp', (r) => void r.files.delete('metadata/timestamp.json'), first, 'timestamp'],
    [
      'no snapshot',
      (r) => {
        r.timestamp.meta['snapshot.json'].version = 2;
        r.publish('timestamp');
      },
      kept(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'no targets',
      (r) => {
        r.snapshot.meta['targets.json']!.version = 2;
        r.publish('snapshot', 'timestamp');
      },
      kept(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'a snapshot of another version than its name',
      (r) => {
        r.publish(...all);
        r.files.set('metadata/2.snapshot.json', r.sign('snapshot', { ...r.snapshot, version: 3 }));
      },
      kept(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'targets of another version than their name',
      (r) => {
        r.publish(...all);
        r.files.set('metadata/2.targets.json', r.sign('targets', { ...r.targets(), version: 3 }));
      },
      kept(1, 2, 1, 2),
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
      kept(1, 2, 1, 2),
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
      kept(1, 1, 1, 2),
      'snapshot 2',
    ],
    [
      'expired targets',
      (r) => {
        r.targets().expires = later(Date.now(), -5);
        r.publish(...all);
      },
      kept(1, 2, 1, 2),
      'targets 2',
    ],
    [
      'an expired root, which is kept itself, so that the next one can be',
      (r) => {
        r.publish('root');
        r.root.expires = later(Date.now(), -1);
        r.publish('root', 'timestamp');
      },
      kept(3, 1, 1, 1),
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

  function kept(root: number, snapshot: number, targets: number, timestamp: number): string[] {
    return [`root ${root}`, `snapshot ${snapshot}`, `targets ${targets}`, `timestamp ${timestamp}`];
  }

  function unsigned(repository: ForeignRepository, role: string): void {
    repository.signers.set(role, []);
    repository.publish(...all.slice(all.indexOf(role as 'targets')));
  }

  function endless(repository: ForeignRepository): void {
    repository.publish('timestamp');
    repository.put('timestamp', Buffer.alloc(8 * 1024 * 1024, ' '));
  }
});

describe('going back', () => {
  for (const withHashes of [false, true]) {
    const also = withHashes ? ', with digests' : '';
    test(`neither timestamp, snapshot nor targets go back${also}`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.withHashes = withHashes;
      await bench.init();
      const old = new Map(repository.files);
      const { version, meta } = structuredClone(repository.timestamp);
      repository.publish(...all);
      repository.publish(...all);
      assert.equal(await bench.refresh(), 0);
      const trusted = await bench.trusted();
      // The timestamp itself.
      repository.files.set('metadata/timestamp.json', old.get('metadata/timestamp.json') ?? Buffer.alloc(0));
      assert.equal(await bench.refresh(), 1);
      // A newer timestamp of an older snapshot.
      repository.timestamp.meta = meta;
      repository.publish('timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.equal(bench.requests.at(-1), 'timestamp');
      // A newer snapshot of older targets.
      repository.snapshot.meta['targets.json'] = { version };
      repository.publish('snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      // And one that lists them no more.
      delete repository.snapshot.meta['targets.json'];
      repository.publish('snapshot', 'timestamp');
      assert.equal(await bench.refresh(), 1);
      assert.deepEqual((await bench.trusted()).slice(0, 3), trusted.slice(0, 3));
    });
  }

  test('what a timestamp says anew without a new version is not looked at', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    await bench.refresh();
    const before = await bench.kept('timestamp');
    repository.timestamp.meta['snapshot.json'].version = 100;
    repository.put('timestamp', repository.sign('timestamp'));
    assert.equal(await bench.refresh(), 0);
    assert.equal(bench.requests.at(-1), 'timestamp');
    assert.deepEqual(await bench.kept('timestamp'), before);
  });

  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    test(`versions of ${role} that were driven up fall again with new keys`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      repository.signed(role).version = 99_998;
      repository.publish(...all);
      assert.equal(await bench.refresh(), 0);
      repository.setKeys('timestamp', [foreignKey()]);
      if (role !== 'timestamp') repository.setKeys('snapshot', [foreignKey()]);
      repository.signed(role).version = 1;
      repository.publish('root', ...all);
      assert.equal(await bench.refresh(), 0);
      assert.ok((await bench.trusted()).includes(`${role} 2`));
    });
  }
});

const hasFaketime = spawnSync('faketime', ['--version']).error === undefined;

describe('time', { skip: hasFaketime ? false : 'no faketime: see tools/debian-packages.txt' }, () => {
  test("the clock is the system's: what is fresh today is refused when it has expired", async (t) => {
    const bench = await Bench.start(t);
    bench.repository.root.expires = later(Date.now(), 7);
    bench.repository.publish('root');
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    assert.equal(await bench.refresh(8), 1);
  });

  test('expired metadata on the disk still leads to newer', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.timestamp.expires = later(Date.now(), 7);
    repository.publish('timestamp');
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    repository.timestamp.expires = later(Date.now(), 21);
    repository.publish(...all);
    assert.equal(await bench.refresh(18), 0);
    assert.deepEqual(await bench.trusted(), ['root 1', 'snapshot 2', 'targets 2', 'timestamp 3']);
  });

  test('an expired delegated role is not used, on the disk or fetched, until there is a newer one', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.delegate('targets', 'delegated').expires = later(Date.now(), 7);
    repository.addTarget('one', Buffer.from('one'), 'delegated');
    repository.addTarget('two', Buffer.from('two'), 'delegated');
    repository.publish('delegated', ...all);
    await bench.init();
    assert.equal(await bench.refresh(), 0);
    assert.equal(await bench.download('one', 18), 1);
    assert.ok(!(await bench.trusted()).includes('delegated 1'));
    assert.equal(await bench.download('one'), 0);
    assert.equal(await bench.download('two', 18), 1);
    assert.deepEqual(await bench.artifacts(), ['one']);
    repository.targets('delegated').expires = later(Date.now(), 21);
    repository.publish('delegated', 'snapshot', 'timestamp');
    assert.equal(await bench.download('two', 18), 0);
    assert.deepEqual((await bench.artifacts()).sort(), ['one', 'two']);
  });
});

describe('delegations', () => {
  // from, to, and how: `!` terminating, else its paths.
  const graphs: [string, [string, string, string?][], string][] = [
    ['one', [['targets', 'A']], 'A'],
    [
      'side by side',
      [
        ['targets', 'A'],
        ['targets', 'B'],
      ],
      'A B',
    ],
    [
      'depth first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['C', 'D'],
        ['A', 'E'],
      ],
      'A C D E B',
    ],
    [
      'a terminating one ends the search',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', '!'],
        ['A', 'D'],
      ],
      'A C',
    ],
    [
      'but not below itself',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', '!'],
        ['C', 'D'],
      ],
      'A C D',
    ],
    [
      'others for the path only',
      [
        ['targets', 'A', '*.py'],
        ['targets', 'B'],
        ['A', 'C'],
      ],
      'B',
    ],
    [
      'a cycle',
      [
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      'B C D',
    ],
    [
      'two ways to one role',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C', '*.py'],
      ],
      'A B C',
    ],
  ];
  for (const [name, edges, visited] of graphs) {
    test(name, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      for (const [from, to, how] of edges) {
        repository.delegate(from, to, {
          terminating: how === '!',
          paths: how === undefined || how === '!' ? ['*'] : [how],
        });
      }
      repository.publish(...[...repository.roles.keys()].filter((role) => role !== 'targets'), ...all);
      assert.equal(await bench.download('missing'), 1);
      assert.deepEqual(
        bench.requests.slice(4),
        visited.split(' ').map((role) => `${role} 1`),
      );
    });
  }

  test('paths lead to the role that holds a target, and all on the way must delegate it', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.delegate('targets', 'A', { paths: ['*.doc', '*.md'] });
    repository.delegate('targets', 'B', { paths: ['releases/*/*'] });
    repository.delegate('B', 'C', { paths: ['releases/x/*'] });
    repository.delegate('B', 'D', { paths: ['releases/y/*.zip'] });
    const held: [string, string, boolean][] = [
      ['README.md', 'A', true],
      ['releases/x/x_v1', 'C', true],
      ['releases/y/y_v1.zip', 'D', true],
      ['releases/z/z_v1.zip', 'D', false],
    ];
    for (const [path, role] of held) repository.addTarget(path, Buffer.from(path), role);
    repository.publish('C', 'D', 'A', 'B', ...all);
    await bench.init();
    for (const [path, , found] of held) assert.equal(await bench.download(path), found ? 0 : 1, path);
    assert.deepEqual(
      (await bench.artifacts()).sort(),
      held
        .filter(([, , found]) => found)
        .map(([path]) => path)
        .sort(),
    );
  });

  test('names of roles are quoted in requests, and never lead out of the folder', async (t) => {
    for (const name of ['?', '#', '/role', '../role', '..', 'ü %2e', 'a\0b', '*']) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      repository.delegate('targets', name);
      repository.publish(name, ...all);
      await bench.init();
      assert.equal(await bench.download('missing'), 1);
      const quoted = encodeURIComponent(name).replace('*', '%2A');
      assert.equal(bench.requests.at(-1), `${quoted} 1`, name);
      assert.equal((await bench.trusted()).length, 5, name);
      assert.deepEqual((await readdir(bench.folder)).sort(), ['initial_root.json', 'metadata', 'targets']);
    }
  });

  test('without consistent snapshots nothing is asked for by version but roots', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.root.consistent_snapshot = false;
    repository.delegate('targets', 'A');
    repository.publish('root', 'A', ...all);
    await bench.init();
    assert.equal(await bench.download('missing'), 1);
    assert.deepEqual(bench.requests, ['root 2', 'root 3', 'timestamp', 'snapshot', 'targets', 'A']);
  });
});
