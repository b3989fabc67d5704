import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { later } from '../src/testing/foreign-repository.ts';
import { all, Bench, trusting } from './testing/bench.ts';

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

  test('an expired root on the disk still leads to the next one', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    repository.root.expires = later(Date.now(), 7);
    repository.publish('root');
    assert.equal(await bench.refresh(), 0);
    repository.root.expires = later(Date.now(), 21);
    repository.publish('root');
    assert.equal(await bench.refresh(18), 0);
    assert.deepEqual(await bench.trusted(), trusting(3, 1, 1, 1));
  });

  test('a delegated role that has expired when it is first seen is not kept', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    await bench.init();
    repository.delegate('targets', 'delegated', { paths: ['path/*'] }).expires = later(Date.now(), -1);
    repository.addTarget('path/one', Buffer.from('one'), 'delegated');
    repository.publish('delegated', ...all);
    assert.equal(await bench.refresh(), 0);
    assert.equal(await bench.download('path/one'), 1);
    assert.deepEqual(await bench.artifacts(), []);
    assert.deepEqual(await bench.trusted(), trusting(1, 2, 2, 2));
  });

  test('its end is the first moment at which a role is refused', async (t) => {
    const bench = await Bench.start(t);
    const { repository } = bench;
    const now = Date.now();
    for (const [days, outcome] of [
      [0, 1],
      [1 / 24, 0],
    ] as const) {
      repository.timestamp.expires = later(now, days);
      repository.publish('timestamp');
      await bench.init();
      assert.equal(await bench.refresh(), outcome);
    }
  });
});
