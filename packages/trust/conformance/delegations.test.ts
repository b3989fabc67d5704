import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { foreignKey } from '../src/testing/foreign-repository.ts';
import { all, Bench } from './testing/bench.ts';

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
      'two levels',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
      ],
      'A B C',
    ],
    [
      'two levels, depth first',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C'],
        ['A', 'D'],
      ],
      'A C D B',
    ],
    [
      'no way on for the path',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['A', 'C', '*.py'],
        ['C', 'D'],
      ],
      'A B',
    ],
    [
      'a role that two delegate to, by the first of them',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['A', 'C'],
      ],
      'A C B',
    ],
    [
      'a cycle beside another role',
      [
        ['targets', 'A'],
        ['targets', 'B'],
        ['B', 'C'],
        ['C', 'D'],
        ['D', 'B'],
      ],
      'A B C D',
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

  test('what each path asks for on the way to its role', async (t) => {
    for (const [path, asked] of [
      ['top', []],
      ['README.md', ['A 1']],
      ['releases/x/x_v1', ['B 1', 'C 1']],
      ['releases/y/y_v1.zip', ['B 1', 'D 1']],
      ['releases/z/z_v1.zip', ['B 1']],
    ] as const) {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      repository.delegate('targets', 'A', { paths: ['*.doc', '*.md'] });
      repository.delegate('targets', 'B', { paths: ['releases/*/*'] });
      repository.delegate('B', 'C', { paths: ['releases/x/*'] });
      repository.delegate('B', 'D', { paths: ['releases/y/*.zip'] });
      const holder = asked.at(-1)?.slice(0, 1) ?? 'targets';
      if (path !== 'releases/z/z_v1.zip') repository.addTarget(path, Buffer.from(path), holder);
      repository.publish('C', 'D', 'A', 'B', ...all);
      assert.equal(await bench.download(path), path === 'releases/z/z_v1.zip' ? 1 : 0, path);
      const roles = bench.requests.slice(4).filter((request) => !request.startsWith('targets/'));
      assert.deepEqual(roles, [...asked]);
    }
  });

  test('a role that one delegator vouches for is no role of another, whose key did not sign it', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    repository.delegate('targets', 'A', { paths: ['a/*'] });
    repository.delegate('targets', 'B', { paths: ['b/*'] });
    repository.delegate('A', 'C', { paths: ['a/*'] });
    const mine = repository.signers.get('C') ?? [];
    repository.delegate('B', 'C', { paths: ['b/*'] });
    repository.signers.set('C', mine);
    for (const path of ['a/file', 'b/file']) repository.addTarget(path, Buffer.from(path), 'C');
    repository.publish('C', 'A', 'B', ...all);
    await bench.init();
    // In one process, and in one each.
    assert.equal(await bench.download(['a/file', 'b/file']), 1);
    assert.deepEqual(await bench.artifacts(), ['a/file']);
    const asked = bench.requests.slice(4).filter((request) => !request.startsWith('targets/'));
    assert.deepEqual(asked, ['A 1', 'C 1', 'B 1']);
    assert.equal(await bench.download('b/file'), 1);
    assert.equal(await bench.download('a/file'), 0);
    assert.deepEqual(await bench.artifacts(), ['a/file']);
  });

  test('bins named by a prefix (TAP 15) are found by the digest of the path', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    const key = foreignKey();
    const succinct_roles = { keyids: [key.keyid], threshold: 1, bit_length: 4, name_prefix: 'bin' };
    Object.assign(repository.targets(), { delegations: { keys: { [key.keyid]: key.json }, succinct_roles } });
    for (const digit of '0123456789abcdef') repository.addRole(`bin-${digit}`, key);
    const path = 'some/file';
    const bin = `bin-${createHash('sha256').update(path).digest('hex').slice(0, 1)}`;
    repository.addTarget(path, Buffer.from('bytes'), bin);
    repository.publish(...[...repository.roles.keys()].filter((role) => role !== 'targets'), ...all);
    await bench.init();
    assert.equal(await bench.download(path), 0);
    assert.equal(bench.requests[4], `${bin} 1`);
    assert.deepEqual(await bench.artifacts(), ['bytes']);
  });
});
