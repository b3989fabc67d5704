import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missingAt } from './fault.ts';
import { soakMs } from './policy.ts';
import { incidentsMissing, testsMissing } from './proof.ts';
import { type PastDeployment, stoodThere } from './stood.ts';

const hour = 3_600_000;
const deploy = (to: string, at: number, more: Partial<PastDeployment> = {}): PastDeployment => ({
  kind: 'deploy',
  state: 'succeeded',
  to,
  from: null,
  createdMs: at * hour,
  finishedMs: (at + 1) * hour,
  ...more,
});

describe('how a release stood in an environment', () => {
  it('counts from when it settled, also when it is deployed again', () => {
    assert.deepEqual(stoodThere([deploy('a', 0)], 'a', 11 * hour), { longestMs: 10 * hour, sinceMs: hour });
    assert.deepEqual(stoodThere([deploy('a', 0), deploy('a', 5)], 'a', 11 * hour), {
      longestMs: 10 * hour,
      sinceMs: hour,
    });
    assert.equal(stoodThere([deploy('a', 0)], 'b', 11 * hour), null);
  });

  it('ends when another one begins to come, and is not lost by it', () => {
    assert.deepEqual(stoodThere([deploy('a', 0), deploy('b', 5)], 'a', 90 * hour), {
      longestMs: 4 * hour,
      sinceMs: null,
    });
    const running = deploy('b', 5, { state: 'running', finishedMs: null });
    assert.deepEqual(stoodThere([deploy('a', 0), running], 'a', 90 * hour)?.longestMs, 4 * hour);
    assert.deepEqual(stoodThere([deploy('a', 0), deploy('b', 5), deploy('a', 8)], 'a', 11 * hour), {
      longestMs: 4 * hour,
      sinceMs: 9 * hour,
    });
  });

  it('is lost when somebody went back from it, or it failed', () => {
    const back = deploy('a', 20, { kind: 'rollback', from: 'b' });
    const history = [deploy('a', 0), deploy('b', 5), back];
    assert.equal(stoodThere(history, 'b', 90 * hour), null);
    assert.equal(stoodThere(history, 'a', 90 * hour)?.longestMs, 69 * hour);
    assert.equal(stoodThere([deploy('a', 0), deploy('a', 5, { state: 'failed' })], 'a', 90 * hour), null);
    // Hosts ran another one meanwhile, whatever became of it.
    const aborted = deploy('b', 50, { state: 'aborted' });
    assert.equal(stoodThere([deploy('a', 0), aborted], 'a', 90 * hour)?.sinceMs, null);
  });

  it('gets no longer by a clock that was put back', () => {
    assert.equal(stoodThere([deploy('a', 10)], 'a', 2 * hour)?.longestMs, 0);
    assert.equal(stoodThere([deploy('a', 10), deploy('b', 3)], 'a', 90 * hour)?.longestMs, 0);
  });
});

describe('what is missing', () => {
  const place = { environment: 'acme/staging', settled: '2.4.0' };
  const missing = (more: object, soak = '24h') =>
    missingAt({ ...place, stood: { longestMs: 0, sinceMs: 0 }, ...more }, '2.4.0', soakMs(soak), soak);

  it('is said with what to do', () => {
    assert.equal(
      missing({ stood: null, settled: '2.3.9' }),
      'acme/staging runs 2.3.9; deploy 2.4.0 there first',
    );
    assert.match(missing({ stood: null, settled: null }) ?? '', /runs nothing of it; deploy 2\.4\.0 there/);
    assert.match(missing({ stood: null }) ?? '', /failed or was taken back/);
    assert.equal(missing({}), '2.4.0 soaks in acme/staging until 1970-01-02T00:00:00Z');
    assert.match(missing({ stood: { longestMs: hour, sinceMs: null } }) ?? '', /followed .* for 24h/);
    const stood = { longestMs: 25 * hour, sinceMs: 0 };
    assert.equal(missing({ stood }), null);
  });

  it('reads times as people write them', () => {
    assert.deepEqual(['30m', '24h', '7d'].map(soakMs), [30 * 60_000, 24 * hour, 7 * 24 * hour]);
  });
});

describe('proof besides time', () => {
  const at = { environment: 'acme/staging', version: '2.4.0' };
  const run = (host: string, state: string, job = 'smoke') => ({ host, component: 'api', job, state });
  const smoke = [{ component: 'api', job: 'smoke' }];

  it('is each named test, passed somewhere and failed nowhere by its newest end', () => {
    assert.match(
      testsMissing([], smoke, at) ?? '',
      /has not passed .* `xylem job run api smoke --in acme\/staging`/,
    );
    assert.match(
      testsMissing([run('a', 'lost'), run('a', 'passed', 'other')], smoke, at) ?? '',
      /has not passed/,
    );
    assert.equal(testsMissing([run('a', 'passed'), run('a', 'failed')], smoke, at), null);
    assert.equal(testsMissing([run('a', 'running'), run('a', 'passed')], smoke, at), null);
    assert.match(testsMissing([run('a', 'failed'), run('a', 'passed')], smoke, at) ?? '', /on 1 of 1 hosts/);
    assert.match(
      testsMissing([run('a', 'passed'), run('b', 'timed-out')], smoke, at) ?? '',
      /on 1 of 2 hosts/,
    );
  });

  it('is that no incident of the product or of none is open, or that somebody looks at it', () => {
    const where = { product: 'shop', environment: 'acme/staging' };
    const one = {
      id: 'i-1',
      kind: 'host-failed',
      product: 'shop',
      title: 'It fails.',
      isAcknowledged: false,
    } as const;
    const missing = (more: object, demand: 'none' | 'acknowledged' = 'none') =>
      incidentsMissing([{ ...one, ...more }], { ...where, demand });
    assert.equal(missing({}), 'acme/staging has incidents that are open: i-1 (It fails)');
    assert.ok(missing({ product: null }));
    assert.equal(missing({ product: 'blog' }), null);
    for (const kind of ['expiring', 'deployment-asks', 'plan-asks', 'plan-failed'] as const)
      assert.equal(missing({ kind }), null, kind);
    assert.ok(missing({ isAcknowledged: true }));
    assert.equal(missing({ isAcknowledged: true }, 'acknowledged'), null);
    assert.match(missing({}, 'acknowledged') ?? '', /not acknowledged/);
  });
});
