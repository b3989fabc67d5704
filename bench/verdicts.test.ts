import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from './verdicts.ts';

const run = async (words: string): Promise<Record<string, number | boolean>> => ({
  ...(await bench.run(words.split(' '), () => undefined)).figures,
});

test('the same seed gives the same figures, and harm is told from chance', async () => {
  const words = '--hosts 3000 --controls-per-exposed 4 --canary 0.1 --runs 30 --seed 3';
  const figures = await run(words);
  assert.deepEqual(await run(words), figures);
  assert.notDeepEqual(
    await run('--hosts 3000 --controls-per-exposed 4 --canary 0.1 --runs 30 --seed 4'),
    figures,
  );
  assert.ok(Number(figures['falseStopRate']) < Number(figures['naiveFalseStopRate']));
  assert.ok(Number(figures['detectionRate']) > 0.9);
  assert.equal(figures['zeroErrorsFalseStopRate'], 0);
});

test('tenants of three hosts are judged together, where none of them could be alone', async () => {
  const figures = await run('--tenants 200 --hosts-each 3 --runs 8 --seed 3 --canary 0.2');
  assert.ok(Number(figures['ringAtOnceDetectionRate']) > 0.9);
  assert.equal(figures['ringAtOnceFalseStopRate'], 0);
  assert.ok(Number(figures['ringMostQuestions']) <= 1);
  assert.equal(figures['aloneDetectionRate'], 0);
  assert.ok(Number(figures['pooledDetectionRate']) > 0.9);
  assert.ok(Number(figures['pooledFalseStopRate']) < Number(figures['naiveFalseStopRate']));
  await assert.rejects(run('--tenants 200 --hosts-each 1'), { code: 'E_INPUT' });
});

test('what is no number is refused', async () => {
  await assert.rejects(run('--runs many'), { code: 'E_INPUT' });
  await assert.rejects(run('--canary 5'), { code: 'E_INPUT' });
  await assert.rejects(run('--hosts 0'), { code: 'E_INPUT' });
});
