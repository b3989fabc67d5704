import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnvironmentYaml } from '../yaml/environment.ts';
import { countsOf, queryOver, vectorOf } from './index.ts';

const vector = (...samples: [Record<string, string>, string][]) => ({
  status: 'success',
  data: { resultType: 'vector', result: samples.map(([metric, value]) => ({ metric, value: [1, value] })) },
});

test('a query knows the length of its window', () => {
  assert.equal(queryOver('rate(a[$window]) / rate(b[$window])', 90_400), 'rate(a[90s]) / rate(b[90s])');
  assert.equal(queryOver('a[$window]', 3), 'a[1s]');
});

test('a vector is read by a label; what is no number or names nobody is passed over', () => {
  const answer = vector(
    [{ host: 'a', code: '500' }, '2'],
    [{ host: 'a', code: '503' }, '1.5'],
    [{ host: 'b' }, 'NaN'],
    [{ host: 'c' }, '-1'],
    [{ instance: 'd' }, '7'],
    [{ host: 'e' }, '+Inf'],
  );
  assert.deepEqual([...vectorOf(answer, 'host')], [['a', 3.5]]);
  assert.deepEqual([...vectorOf(answer, 'instance')], [['d', 7]]);
});

test('what is no vector is no figure', () => {
  for (const answer of [
    null,
    'text',
    { status: 'error', errorType: 'bad_data', error: 'parse error' },
    { status: 'success', data: { resultType: 'matrix', result: [] } },
    { status: 'success', data: { resultType: 'vector', result: null } },
    { status: 'success' },
  ]) {
    assert.throws(() => vectorOf(answer, 'host'), { code: 'E_METRIC' }, JSON.stringify(answer));
  }
  assert.throws(() => vectorOf({ status: 'error', error: 'parse error at char 3' }, 'host'), /char 3/);
});

test('counts: a host without requests has no figures, one without bad ones has none', () => {
  const all = new Map([
    ['b', 10],
    ['a', 5],
    ['c', 0],
  ]);
  const bad = new Map([
    ['b', 10.4],
    ['c', 1],
    ['d', 1],
  ]);
  assert.deepEqual(countsOf(bad, all), [
    { host: 'a', bad: 0, all: 5 },
    { host: 'b', bad: 10, all: 10 },
  ]);
});

test('metrics stand in the policy of an environment', () => {
  const yaml = (metric: string) => `environment: acme/live\npolicy:\n  metrics:\n    - ${metric}\n`;
  const read = (metric: string) => parseEnvironmentYaml(yaml(metric), 'live.yaml').policy.metrics;
  assert.deepEqual(read('{ name: errors, source: main, bad: b, all: a, margin: 0.005 }'), [
    { name: 'errors', source: 'main', bad: 'b', all: 'a', margin: 0.005 },
  ]);
  for (const wrong of ['{ name: errors }', '{ name: errors, source: main, limit: 2 }']) {
    assert.throws(() => read(wrong), { code: 'E_INPUT', message: /live\.yaml:\d+:\d+/ });
  }
  const both = '{ name: errors, source: main, limit: 0.1, margin: 0.1 }';
  assert.throws(() => read(both), { code: 'E_INPUT', message: /either limit, or margin and ratio/ });
  const twice = '{ name: errors, source: main }\n    - { name: errors, source: main }';
  assert.throws(() => read(twice), { code: 'E_INPUT', message: /another name/ });
});
