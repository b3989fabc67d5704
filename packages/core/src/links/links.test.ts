import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairLink, type FairRates, type LinkClaim } from './fair-link.ts';
import { linkLimitText, parseLinkLimit, parseRate } from './limit-text.ts';
import { shareOut } from './share-out.ts';

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);

test('what is shared out is all there is or all that is wanted, and nobody has less than another who could spare it', () => {
  const want = fc.record({
    bytes: fc.integer({ min: 1, max: 5_000 }),
    atMost: fc.integer({ min: 0, max: 5_000 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20_000 }), fc.array(want, { maxLength: 12 }), (bytes, wants) => {
      const given = shareOut(bytes, wants, 1);
      const most = wants.map((one) => Math.min(one.bytes, one.atMost));
      for (const [place, amount] of given.entries()) assert.ok(amount >= 0 && amount <= (most[place] ?? 0));
      const all = Math.min(bytes, sum(most));
      assert.equal(sum(given), all);
      const unmet = given.filter((amount, place) => amount < (most[place] ?? 0));
      // But for the bytes that can't be split, or where there are fewer bytes than children.
      for (const amount of unmet) assert.ok(Math.max(...given) - amount <= 1 || bytes < wants.length);
    }),
  );
});

test('too little for all is given to those who waited longest, in pieces that are worth it', () => {
  const three = [1, 2, 3].map(() => ({ bytes: 9_000, atMost: 9_000 }));
  assert.deepEqual(shareOut(1_100, three, 512), [550, 550, 0]);
  assert.deepEqual(shareOut(500, three, 512), [0, 0, 0]);
  assert.deepEqual(shareOut(500, [{ bytes: 40, atMost: 900 }], 512), [40]);
  assert.deepEqual(
    shareOut(5_000, [{ bytes: 9_000, atMost: 200 }, ...three.slice(1)], 512),
    [0, 2_500, 2_500],
  );
});

interface Transfer extends LinkClaim {
  readonly name: string;
}

/** Lets transfers ask again as soon as they were given something, for so long. @returns bytes by name */
function play(
  rates: FairRates | ((nowMs: number) => FairRates),
  transfers: readonly (Transfer & { readonly fromMs?: number; readonly untilMs?: number })[],
  forMs: number,
): Record<string, number> {
  const link = new FairLink<Transfer>();
  const ratesAt = typeof rates === 'function' ? rates : () => rates;
  const done: Record<string, number> = Object.fromEntries(transfers.map(({ name }) => [name, 0]));
  const asks = new Set<Transfer>();
  for (let nowMs = 0; nowMs < forMs; nowMs += 10) {
    for (const one of transfers) {
      const isThere = nowMs >= (one.fromMs ?? 0) && nowMs < (one.untilMs ?? forMs);
      if (isThere && !asks.has(one)) link.claim(one);
      if (!isThere && asks.has(one)) link.withdraw(one);
      if (isThere) asks.add(one);
      else asks.delete(one);
    }
    for (const { claim, bytes } of link.round(nowMs, ratesAt(nowMs)).grants) {
      assert.ok(bytes > 0 && bytes <= claim.bytes);
      done[claim.name] = (done[claim.name] ?? 0) + bytes;
      asks.delete(claim);
    }
  }
  return done;
}

const transfer = (name: string, more: Partial<Transfer> = {}): Transfer => ({
  name,
  child: name,
  isBackground: false,
  bytes: 1_000_000,
  ...more,
});
const near = (value: number | undefined, expected: number): void =>
  assert.ok(Math.abs((value ?? 0) - expected) <= expected * 0.05 + 600, `${value} is not about ${expected}`);

test('each child has the same, however many requests it makes, and what one does not need the others have', () => {
  const rates = { total: 90_000, each: null };
  const done = play(
    rates,
    [
      transfer('a'),
      transfer('b'),
      ...[1, 2, 3, 4].map((n) => transfer(`c${n}`, { child: 'c' })),
      { ...transfer('d', { bytes: 100 }) },
    ],
    10_000,
  );
  // `d` takes 100 bytes a round.
  const others = (900_000 - (done['d'] ?? 0)) / 3;
  near(done['a'], others);
  near(done['b'], others);
  near(sum([1, 2, 3, 4].map((n) => done[`c${n}`] ?? 0)), others);
});

test('one child may have no more than each, and the rest of the link goes to others', () => {
  const done = play({ total: 100_000, each: 60_000 }, [transfer('a'), transfer('b')], 10_000);
  near(done['a'], 500_000);
  const alone = play({ total: 100_000, each: 60_000 }, [transfer('a')], 10_000);
  near(alone['a'], 600_000);
  const unbound = play({ total: null, each: 20_000 }, [transfer('a'), transfer('b')], 10_000);
  near(unbound['a'], 200_000);
  near(unbound['b'], 200_000);
});

test('foreground overtakes what is under way in the background, which never stands still', () => {
  const background = transfer('b', { isBackground: true });
  const rates = { total: 100_000, each: null };
  const done = play(rates, [background, { ...transfer('f'), fromMs: 5_000 }], 10_000);
  near(done['f'], (500_000 * 15) / 16);
  near(done['b'], 500_000 + 500_000 / 16);
  const idle = play(rates, [background, { ...transfer('f'), untilMs: 2_000 }], 10_000);
  near(idle['b'], 800_000 + 200_000 / 16);
});

test('a limit that is changed counts from the next round on, a limit below a piece too', () => {
  const rates = (nowMs: number) => ({ total: nowMs < 5_000 ? 200_000 : 10_000, each: null });
  near(play(rates, [transfer('a')], 10_000)['a'], 1_050_000);
  near(play({ total: 100, each: null }, [transfer('a')], 60_000)['a'], 6_000);
  assert.equal(play(() => ({ total: null, each: null }), [transfer('a')], 50)['a'], 1_000_000);
});

test('however many wait on a slow link, each has something within ten seconds', () => {
  const many = Array.from({ length: 200 }, (_, n) => transfer(`c${n}`));
  const done = play({ total: 8_000, each: null }, many, 11_000);
  assert.ok(Object.values(done).every((bytes) => bytes > 0));
});

test('what went without asking is taken from what others get, for a second at most', () => {
  const link = new FairLink<Transfer>();
  const rates = { total: 10_000, each: null };
  link.spend(1_000_000, 1_000, rates);
  link.claim(transfer('a'));
  const given = [1_100, 1_900, 2_300].map((atMs) =>
    sum(link.round(atMs, rates).grants.map(({ bytes }) => bytes)),
  );
  assert.deepEqual([given[0], given[1], (given[2] ?? 0) > 0], [0, 0, true]);
});

test('limits are read as people write them, and written so', () => {
  const text = 'serve=1.5MB/s,each=100kB/s,between=22:00-06:00,days=fr,sa,zone=Europe/Berlin';
  const limit = parseLinkLimit(
    'serve=1.5MB/s,each=100kB/s,between=22:00-06:00,days=fri-sat,zone=Europe/Berlin',
  );
  const times = { from: '22:00', to: '06:00', zone: 'Europe/Berlin', days: ['fr', 'sa'] };
  assert.deepEqual(limit, { serve: 1_500_000, each: 100_000, times });
  assert.equal(linkLimitText(limit), text);
  assert.deepEqual(parseLinkLimit(text), limit);
  assert.deepEqual(parseLinkLimit('down=64kbit/s'), { down: 8_000 });
  assert.equal(linkLimitText(parseLinkLimit('up=64kbit/s,down=200kB/s')), 'down=200kB/s,up=8kB/s');
  assert.deepEqual(parseLinkLimit('down=1MB/s,days=sat-mon,zone=UTC').times?.days, ['mo', 'sa', 'su']);
  for (const wrong of [
    '',
    'down',
    'down=1MB/s,down=2MB/s',
    'up=1kB/s',
    'sideways=1MB/s',
    'between=08:00-18:00,zone=UTC',
    'down=1MB/s,between=08:00-18:00',
    'down=1MB/s,between=8-18,zone=UTC',
    'down=1MB/s,days=foo,zone=UTC',
    'down=1MB/s,days=mon-tue-wed,zone=UTC',
    'down=7kB/s',
    'down=1XB/s',
  ])
    assert.throws(() => parseLinkLimit(wrong), { code: 'E_INPUT' }, wrong);
  assert.equal(parseRate('0.5 GB/s'), 500_000_000);
});
