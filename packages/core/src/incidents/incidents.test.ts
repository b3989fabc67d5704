import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { report } from '../wire/example-parts.test-data.ts';
import type { Report } from '../wire/index.ts';
import {
  afterSigns,
  belongsTo,
  type Incident,
  isOver,
  quietMs,
  reopenWithinMs,
  timesOf,
} from './incident.ts';
import { causeOf, signsOf } from './signs.ts';

const minute = 60_000;
const change = (appeared: number, cleared: number, nowMs: number) => ({
  appearedMs: Array<number>(appeared).fill(nowMs),
  newSubjects: appeared,
  clearedMs: Array<number>(cleared).fill(nowMs),
});

describe('incidents of one cause, whatever its signs do', () => {
  /** Subjects that fail and recover, seen at looks; what a root server keeps of it. */
  const steps = fc.array(
    fc.record({
      waitMs: fc.integer({ min: 0, max: 40 * minute }),
      flip: fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }),
    }),
    { maxLength: 60 },
  );

  it('count what holds, close only when nothing does, and are few', () => {
    fc.assert(
      fc.property(steps, (played) => {
        const incidents: Incident[] = [];
        const failing = new Set<number>();
        const seen = new Set<number>();
        let now = 0;
        const begunAt: number[] = [];
        for (const { waitMs, flip } of played) {
          now += waitMs;
          let newest = incidents.at(-1) ?? null;
          if (newest !== null && isOver(newest, now)) {
            assert.equal(failing.size, 0);
            newest = { ...newest, state: 'closed', closedMs: now };
            incidents[incidents.length - 1] = newest;
          }
          const before = new Set(failing);
          for (const one of new Set(flip)) if (!failing.delete(one)) failing.add(one);
          const appeared = [...failing].filter((one) => !before.has(one));
          const cleared = [...before].filter((one) => !failing.has(one));
          if (appeared.length + cleared.length === 0) continue;
          const isNew = appeared.length > 0 && belongsTo(newest, now) === 'new';
          if (isNew) {
            seen.clear();
            begunAt.push(now);
          }
          const newSubjects = appeared.filter((one) => !seen.has(one)).length;
          for (const one of appeared) seen.add(one);
          const { incident } = afterSigns(
            isNew ? null : newest,
            { ...change(appeared.length, cleared.length, now), newSubjects },
            now,
          );
          if (isNew) incidents.push(incident);
          else incidents[incidents.length - 1] = incident;
          assert.equal(incident.holding, failing.size);
          assert.equal(incident.subjects, seen.size);
          assert.equal(incident.recoveredMs === null, failing.size > 0);
          if (failing.size > 0) assert.equal(incident.state, 'open');
        }
        // Flapping opens no more than one within each period.
        for (const [at, ms] of begunAt.entries())
          assert.ok(at === 0 || ms - (begunAt[at - 1] ?? 0) >= reopenWithinMs);
      }),
    );
  });

  it('are told a few times in a storm of ten thousand hosts', () => {
    let incident: Incident | null = null;
    const tellings: string[] = [];
    for (let host = 0; host < 10_000; host += 1) {
      const after = afterSigns(incident, change(1, 0, host), host);
      incident = after.incident;
      tellings.push(...after.tellings);
    }
    assert.equal(incident?.holding, 10_000);
    assert.equal(tellings[0], 'opened');
    assert.equal(tellings.length, 14, 'as often as ten thousand is halved');
  });
});

describe('an incident', () => {
  const opened = afterSigns(
    null,
    { appearedMs: [2 * minute, minute], newSubjects: 2, clearedMs: [] },
    5 * minute,
  ).incident;

  it('knows when its evidence began and ended', () => {
    assert.deepEqual(timesOf(opened), { toDetect: 240, toRecover: null });
    const half = afterSigns(opened, change(0, 1, 6 * minute), 6 * minute);
    assert.deepEqual([half.tellings, half.incident.recoveredMs], [[], null]);
    const whole = afterSigns(half.incident, change(0, 1, 11 * minute), 12 * minute);
    assert.deepEqual(whole.tellings, ['recovered']);
    assert.deepEqual(timesOf(whole.incident), { toDetect: 240, toRecover: 600 });
    assert.equal(isOver(whole.incident, 15 * minute), false);
    assert.equal(isOver(whole.incident, 16 * minute), true);
    // A clock that was put back closes nothing early.
    assert.equal(isOver(whole.incident, 0), false);
  });

  it('opens for what came and went between two looks, too', () => {
    const { incident, tellings } = afterSigns(null, change(1, 1, minute), minute);
    assert.deepEqual(tellings, ['opened', 'recovered']);
    assert.deepEqual([incident.subjects, incident.holding], [1, 0]);
  });

  it('comes back as the same soon after evidence closed it, and waits longer then', () => {
    const closed: Incident = { ...opened, holding: 0, state: 'closed', recoveredMs: 0, closedMs: 0 };
    assert.equal(belongsTo(closed, reopenWithinMs - 1), 'same');
    assert.equal(belongsTo(closed, reopenWithinMs), 'new');
    const { incident, tellings } = afterSigns(closed, change(1, 0, minute), minute);
    assert.deepEqual(tellings, ['reopened']);
    assert.equal(quietMs(incident), 2 * quietMs(opened));
    assert.equal(quietMs({ reopened: 1000 }), reopenWithinMs);
  });

  it('that a person closed stays closed, counts on in silence, and takes nothing new', () => {
    const closed: Incident = { ...opened, state: 'closed', closedMs: 0, closedBy: 'ada' };
    assert.equal(belongsTo(closed, minute), 'new');
    const { incident, tellings } = afterSigns(closed, change(0, 2, minute), minute);
    assert.deepEqual(
      [incident.state, incident.holding, incident.recoveredMs, tellings],
      ['closed', 0, minute, []],
    );
  });
});

describe('what a report says', () => {
  const nowMs = Date.parse('2026-03-01T12:00:00Z');
  const since = '2026-03-01T11:00:00Z';
  const base = report as unknown as Report;
  const [one] = base.components;
  assert.ok(one);
  const digest = 'a'.repeat(64);
  const said = (components: readonly object[], waiting: readonly object[] = []) =>
    signsOf({ ...base, time: since, components, waiting } as unknown as Report, nowMs).map(
      ({ key, sinceMs }) => [key, (nowMs - sinceMs) / minute],
    );
  const shop = { ...one, component: 'web', product: 'shop', package: digest, version: '2.0.0', since };
  const { refused: _, ...well } = { ...shop, state: 'running', healthy: true };

  it('is one sign for each package that fails, whether it runs or was refused', () => {
    const failed = `host-failed/shop/web/${digest}`;
    assert.deepEqual(said([well]), []);
    assert.deepEqual(said([{ ...well, healthy: false }]), [[failed, 60]]);
    assert.deepEqual(said([{ ...well, state: 'failed', healthy: null }]), [[failed, 60]]);
    const refused = { package: digest, code: 'E_HEALTH_FAILED', message: 'no' };
    assert.deepEqual(said([{ ...well, package: 'b'.repeat(64), refused }]), [[failed, 60]]);
    assert.deepEqual(said([{ ...well, state: 'failed', healthy: null, refused }]), [[failed, 60]]);
  });

  it('is drift, and what holds a host up, but not what waits as planned', () => {
    const waits = (code: string, at = since) => ({ component: 'web', code, message: 'x', since: at });
    assert.deepEqual(said([well], [waits('E_DRIFT')]), [['drift/web', 60]]);
    assert.deepEqual(said([], [waits('E_DISK_FULL'), waits('E_DISK_FULL')]), [['host-held/E_DISK_FULL', 60]]);
    assert.deepEqual(said([], [waits('E_OUTSIDE_WINDOW'), waits('E_FROZEN'), waits('E_NETWORK')]), []);
    // A host's clock that can't be right is not believed.
    assert.deepEqual(said([], [waits('E_DRIFT', '1970-01-01T00:00:00Z')]), [['drift/web', 0]]);
    assert.deepEqual(said([], [waits('E_DRIFT', '2099-01-01T00:00:00Z')]), [['drift/web', 0]]);
  });

  it('has a title for people', () => {
    const { kind, product, title } = causeOf(`host-failed/shop/web/${digest}`);
    assert.deepEqual([kind, product, title('2.0.0')], ['host-failed', 'shop', 'web 2.0.0 fails on hosts.']);
    assert.match(causeOf('host-held/E_DISK_FULL').title(null), /^Hosts are held up: .*room/);
    assert.equal(causeOf('deployment-failed/shop/2.0.0').title(null), 'The deployment of shop@2.0.0 failed.');
    assert.match(causeOf('deployment-asks/shop/').title(null), /^The deployment of shop asks /);
    for (const what of ['plan-asks', 'plan-failed']) {
      const cause = causeOf(`${what}/shop/p-1`);
      assert.deepEqual(
        [cause.product, cause.title(null).startsWith('The plan p-1 for shop ')],
        ['shop', true],
      );
    }
  });
});
