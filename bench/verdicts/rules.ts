import {
  type FailureEvent,
  failureMetric,
  judge,
  noFailures,
  noRequests,
  requestMetric,
  updateFailures,
  updateRequests,
} from '@xylem/core';
import { bake, type Host, type Requests } from './fleet.ts';

/** Is told group after group what came of it, and says whether it has stopped. */
export type Rule<Unit> = (group: readonly Unit[], number: number) => boolean;

const test = { kind: 'controls' } as const;
const patience = 100;
const named = { name: 'hosts', weight: 1, minExposed: 1 };

/** What the product does, with a look after every report that can move it, that is each failure. */
export function product(alpha: number): Rule<Host> {
  let state = noFailures(test);
  return (group, number) => {
    const from = number * (bake + 2 * patience);
    const until = from + bake + patience;
    const events = group.flatMap(({ arm, fails, stratum = '' }, index): FailureEvent[] => {
      const host = { host: String(index).padStart(6, '0'), stratum, arm };
      const enter: FailureEvent = { ...host, at: from, kind: 'enter' };
      if (fails === 'silent') return [enter, { ...host, at: until, kind: 'silent' }];
      if (fails !== null) return [enter, { ...host, at: from + fails, kind: 'failed' }];
      return [enter, { ...host, at: until, kind: arm === 'exposed' ? 'ok' : 'leave' }];
    });
    events.sort((a, b) => a.at - b.at);
    let looked = 0;
    for (const [index, { at, kind }] of events.entries()) {
      const last = events[index + 1]?.at !== at;
      if (!last || (kind !== 'failed' && kind !== 'silent' && index < events.length - 1)) continue;
      state = updateFailures(test, state, events.slice(looked, index + 1));
      looked = index + 1;
      if (judge([failureMetric(named, test, state)], alpha).verdict === 'fail') return true;
    }
    return false;
  };
}

/** "Stop at three failures." */
export function naive(): Rule<Host> {
  let failures = 0;
  return (group) => {
    failures += group.filter(({ arm, fails }) => arm === 'exposed' && fails !== null).length;
    return failures >= 3;
  };
}

/**
 * Another construction: an e-value of two Bernoulli samples, group by group, with rates learnt from the groups before
 * (Turner, Ly, Grünwald: Generic E-variables for exact sequential k-sample tests; one-sided, prior Beta(0.18, 0.18)).
 */
export function blocks(alpha: number): Rule<Host> {
  const seen = { exposed: { failed: 0.18, all: 0.36 }, control: { failed: 0.18, all: 0.36 } };
  let log = 0;
  let peak = 0;
  return (group) => {
    const found = { exposed: { failed: 0, all: 0 }, control: { failed: 0, all: 0 } };
    for (const { arm, fails } of group) {
      found[arm].all += 1;
      if (fails !== null) found[arm].failed += 1;
    }
    const control = seen.control.failed / seen.control.all;
    const exposed = Math.max(control, seen.exposed.failed / seen.exposed.all);
    const all = found.exposed.all + found.control.all;
    const either = (found.exposed.all * exposed + found.control.all * control) / all;
    for (const [arm, rate] of [
      ['exposed', exposed],
      ['control', control],
    ] as const) {
      const { failed, all: size } = found[arm];
      log += failed * Math.log(rate / either) + (size - failed) * Math.log((1 - rate) / (1 - either));
      seen[arm].failed += failed;
      seen[arm].all += size;
    }
    peak = Math.max(peak, log);
    return peak >= -Math.log(alpha);
  };
}

/** What the product does with requests, a look after each block. */
export function requestProduct(alpha: number): Rule<Requests> {
  let state = noRequests(test);
  return (group) => {
    const units = group.map((unit, index) => ({ ...unit, id: String(index).padStart(6, '0') }));
    state = updateRequests(test, state, units);
    return judge([requestMetric({ ...named, name: 'requests' }, test, state)], alpha).verdict === 'fail';
  };
}

/** All requests so far as if each were drawn by itself, tested anew at each look at level 0.01 (2.326 standard errors). */
export function requestNaive(): Rule<Requests> {
  const sums = { exposed: { good: 0, bad: 0 }, control: { good: 0, bad: 0 } };
  return (group) => {
    for (const { arm, good, bad } of group) {
      sums[arm].good += good;
      sums[arm].bad += bad;
    }
    const [x, c] = [sums.exposed, sums.control];
    const [n, m] = [x.good + x.bad, c.good + c.bad];
    const either = (x.bad + c.bad) / (n + m);
    const error = Math.sqrt(either * (1 - either) * (1 / n + 1 / m));
    return error > 0 && (x.bad / n - c.bad / m) / error > 2.326;
  };
}
