import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  advanceReparenting,
  goBack,
  mostFailedOf,
  type ReparentingNow,
  reparentingLimits,
} from './advance.ts';
import type { HeardHost, ReparentedHost, Reparenting } from './record.ts';
import { requireRoom, spreadOver } from './targets.ts';

const [old, next, top] = ['https://old:1', 'https://new:1', 'https://top:1'];
const order = 'a'.repeat(32);
const begun: Reparenting = {
  state: 'running',
  endsAs: null,
  order,
  backOrder: 'b'.repeat(32),
  batch: 0,
  waitedMs: 0,
  firstBatch: 2,
  mostFailed: 1,
};
const hostOf = (host: string, more: Partial<ReparentedHost> = {}): ReparentedHost => ({
  host,
  rank: 0,
  state: 'waiting',
  batch: null,
  parents: [next, top],
  from: [old, top],
  fault: null,
  ...more,
});
const at = (parent: string | null, more: Partial<HeardHost> = {}): HeardHost => ({
  parent,
  reparent: null,
  silent: false,
  gone: false,
  ...more,
});

/** A reparenting that is looked at again and again, with what hosts say. */
function run(
  hosts: readonly ReparentedHost[],
  reparenting: Partial<Reparenting> = {},
  room = new Map<string, number>(),
) {
  let now: ReparentingNow = {
    reparenting: { ...begun, ...reparenting },
    hosts,
    heard: new Map(hosts.map(({ host }) => [host, at(old)])),
    room,
    sinceMs: 0,
  };
  let note: string | null = null;
  const look = (sinceMs = 0): void => {
    const step = advanceReparenting({ ...now, sinceMs });
    note = step.note;
    const changed = new Map(step.hosts.map((host) => [host.host, host]));
    now = {
      ...now,
      reparenting: step.reparenting,
      hosts: now.hosts.map((host) => ({ ...host, ...changed.get(host.host) })),
    };
  };
  return {
    look,
    wait: (ms: number) => {
      for (let left = ms; left > 0; left -= reparentingLimits.mostStepMs) look(left);
    },
    say: (host: string, heard: HeardHost) => {
      now = { ...now, heard: new Map(now.heard).set(host, heard) };
    },
    roomAt: (url: string, free: number) => {
      now = { ...now, room: new Map(now.room).set(url, free) };
    },
    back: (endsAs: 'failed' | 'cancelled') => {
      now = { ...now, ...goBack(now, endsAs) };
    },
    states: () => now.hosts.map(({ host, state }) => `${host} ${state}`).join(', '),
    is: () => now.reparenting.state,
    note: () => note,
    again: () => advanceReparenting({ ...now, sinceMs: 0 }).hosts.length,
  };
}
const named = (...names: string[]): ReparentedHost[] => names.map((name) => hostOf(name));

test('goes in batches that grow, each begun when the one before is over, and asked again changes nothing', () => {
  const fleet = run(named(...'abcdefghijkl'.split('')), { firstBatch: 1 });
  const sizes: number[] = [];
  while (fleet.is() === 'running' && sizes.length < 9) {
    fleet.look();
    const trying = fleet
      .states()
      .split(', ')
      .filter((one) => one.endsWith('trying'));
    if (trying.length > 0) sizes.push(trying.length);
    assert.equal(fleet.again(), 0);
    for (const one of trying) fleet.say(one.split(' ')[0] ?? '', at(`${next}/`));
  }
  assert.deepEqual([fleet.is(), sizes], ['done', [1, 2, 3, 3, 3]]);
});

test('a host counts as moved by the first of its new parents alone', () => {
  const fleet = run(named('a'));
  fleet.look();
  fleet.say('a', at(top));
  fleet.look();
  assert.equal(fleet.states(), 'a trying');
  fleet.say('a', at(next));
  fleet.look();
  assert.equal(`${fleet.states()}, ${fleet.is()}`, 'a moved, done');
});

test('a host that goes back to the parents by which it joined has moved once it says that one passed', () => {
  const fleet = run([hostOf('a', { parents: [] }), hostOf('b', { parents: [] })]);
  fleet.look();
  const said = (more: object) => at(old, { reparent: { order, tried: 1, ...more } });
  fleet.say('a', said({ code: 'E_NETWORK', message: 'refused' }));
  fleet.say('b', at(top, { reparent: { order: 'f'.repeat(32), tried: 1 } }));
  fleet.look();
  assert.equal(fleet.states(), 'a trying, b trying');
  fleet.say('a', said({}));
  fleet.wait(reparentingLimits.batchMs);
  assert.equal(fleet.states(), 'a moved, b failed');
});

test('a reported fault may pass for two minutes; then the host has failed and the others go on', () => {
  const fleet = run(named('a', 'b', 'c'));
  fleet.look();
  fleet.say('a', at(old, { reparent: { order, tried: 1, code: 'E_OBJECT_MISSING', message: 'no tree' } }));
  fleet.say('b', at(old, { reparent: { order: 'f'.repeat(32), tried: 1, code: 'E_NETWORK', message: '' } }));
  fleet.wait(reparentingLimits.faultMs - 30_000);
  assert.equal(fleet.states(), 'a trying, b trying, c waiting');
  fleet.wait(30_000);
  assert.equal(
    fleet.states(),
    'a failed, b trying, c waiting',
    "another order's fault is none of this one's",
  );
  fleet.say('b', at(next));
  fleet.look();
  assert.equal(fleet.states(), 'a failed, b moved, c trying');
});

test('more failures than allowed, and all that went come back by themselves', () => {
  const fleet = run(named('a', 'b', 'c', 'd'), { mostFailed: 0 });
  fleet.look();
  fleet.say('a', at(next));
  fleet.wait(reparentingLimits.batchMs);
  assert.equal(`${fleet.is()}: ${fleet.states()}`, 'returning: a returning, b failed, c waiting, d waiting');
  fleet.look();
  assert.equal(fleet.is(), 'returning');
  fleet.say('a', at(old));
  fleet.look();
  assert.equal(`${fleet.is()}: ${fleet.states()}`, 'failed: a returned, b failed, c waiting, d waiting');
});

test('one that does not come back holds the end up for ten minutes at most, and comes back later', () => {
  const fleet = run(named('a'));
  fleet.look();
  fleet.say('a', at(next));
  fleet.back('cancelled');
  fleet.wait(reparentingLimits.batchMs);
  assert.equal(`${fleet.is()}: ${fleet.states()}`, 'cancelled: a returning');
  fleet.say('a', at(top));
  fleet.look();
  assert.equal(fleet.states(), 'a returned');
});

test('back to the parents that it joined by means: away from the new one', () => {
  const fleet = run([hostOf('a', { from: [] })]);
  fleet.look();
  fleet.say('a', at(next));
  fleet.back('failed');
  fleet.say('a', at(null));
  fleet.look();
  assert.equal(fleet.states(), 'a returning');
  fleet.say('a', at(top));
  fleet.look();
  assert.equal(`${fleet.is()}: ${fleet.states()}`, 'failed: a returned');
});

test('silent hosts come last, are not waited for, and count once they are heard; those who left count as nothing', () => {
  const fleet = run(named('a', 'b', 'c'));
  fleet.say('a', at(old, { silent: true }));
  fleet.say('c', at(old, { gone: true }));
  fleet.look();
  assert.equal(fleet.states(), 'a waiting, b trying, c gone');
  fleet.say('b', at(next));
  fleet.look();
  fleet.look();
  assert.equal(`${fleet.is()}: ${fleet.states()}`, 'done: a unheard, b moved, c gone');
  fleet.say('a', at(next));
  fleet.look();
  assert.equal(fleet.states(), 'a moved, b moved, c gone');
});

test('the first of a replacement goes alone, and turns all back when it fails', () => {
  const fleet = run([hostOf('relay'), hostOf('a', { rank: 1 }), hostOf('b', { rank: 1 })]);
  fleet.look();
  assert.equal(fleet.states(), 'relay trying, a waiting, b waiting');
  fleet.wait(reparentingLimits.batchMs);
  assert.equal(fleet.is(), 'returning');
});

test('no further than there is room; what has none waits and says so', () => {
  const fleet = run(named('a', 'b'), { firstBatch: 5 }, new Map([[next, 1]]));
  fleet.look();
  assert.equal(fleet.states(), 'a trying, b waiting');
  fleet.say('a', at(next));
  fleet.roomAt(next, 0);
  fleet.look();
  assert.match(fleet.note() ?? '', /no room/);
  fleet.roomAt(next, 1);
  fleet.look();
  assert.equal(fleet.states(), 'a moved, b trying');
});

test('a clock that is set, or a root server that was down, ends no wait', () => {
  const fleet = run(named('a'));
  fleet.look();
  for (const ms of [10 * 86_400_000, -10 * 86_400_000, 0]) fleet.look(ms);
  assert.equal(fleet.states(), 'a trying');
  fleet.wait(reparentingLimits.batchMs);
  assert.equal(fleet.states(), 'a failed');
});

test('paused: what is under way goes on, and no batch begins', () => {
  const fleet = run(named('a', 'b', 'c'), { state: 'paused' });
  fleet.look();
  assert.equal(fleet.states(), 'a waiting, b waiting, c waiting');
  assert.deepEqual([9, 10, 25].map(mostFailedOf), [0, 1, 2]);
});

test('hosts are spread by free room, keep the rest of their list, and are refused where there is none', () => {
  const hosts = ['a', 'b', 'c'].map((host) => ({ host, parents: [`${old}/`, top] }));
  const targets = [
    { url: 'https://x:1', room: 1 },
    { url: 'https://y:1', room: 2 },
  ];
  assert.deepEqual(
    [...spreadOver(hosts, targets, old)].map(([host, parents]) => [host, parents.join(' ')]),
    [
      ['a', `https://y:1 https://x:1 ${top}`],
      ['b', `https://x:1 https://y:1 ${top}`],
      ['c', `https://y:1 https://x:1 ${top}`],
    ],
  );
  assert.throws(() => spreadOver([...hosts, { host: 'd', parents: [] }], targets, old), {
    code: 'E_RELAY_FULL',
  });
  assert.throws(() => requireRoom(targets, 2), { code: 'E_RELAY_FULL' });
  const unknown = targets.map(({ url }) => ({ url, room: null }));
  assert.deepEqual(
    [...spreadOver(hosts, unknown, old).values()].map(([first]) => first),
    ['https://x:1', 'https://y:1', 'https://x:1'],
  );
});
