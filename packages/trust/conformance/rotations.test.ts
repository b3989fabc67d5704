import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ForeignKey, foreignKey } from '../src/testing/foreign-repository.ts';
import { all, Bench, served } from './testing/bench.ts';

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
      'one of five replaced, the old ones signing once more',
      [
        ['01234', 3, '024'],
        ['01345', 3, '0245'],
        ['01345', 3, '045'],
      ],
      3,
    ],
    [
      'a second key that must sign too',
      [
        ['1', 1, '1'],
        ['12', 2, '12'],
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

  // Keys, threshold and who signs, for timestamp, then snapshot, then targets; and whether that is enough.
  const others: [string, string, number, string, boolean][] = [
    ['another key', '2', 1, '2', true],
    ['signatures of strangers beside', '1', 1, '314', true],
    ['without the new key', '2', 1, '134', false],
    ['a stranger among three', '01345', 3, '024', false],
    ['two of three', '01345', 3, '04', false],
    ['the first three of five', '01234', 3, '024', true],
    ['in another order', '01234', 3, '041', true],
    ['another three', '01234', 3, '123', true],
    ['the last three', '01234', 3, '234', true],
  ];
  for (const [name, keys, threshold, signers, isEnough] of others) {
    test(`below root: ${name}`, async (t) => {
      const bench = await Bench.start(t);
      const { repository } = bench;
      await bench.init();
      for (const role of ['timestamp', 'snapshot', 'targets']) {
        repository.setKeys(role, pick(signers), { keys: pick(keys), threshold });
        repository.publish('root', ...all);
        assert.equal(await bench.refresh(), isEnough ? 0 : 1, role);
        if (isEnough) assert.deepEqual(await bench.kept(role), served(bench, role));
      }
    });
  }
});
