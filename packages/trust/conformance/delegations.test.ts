import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
});
