import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';
import { seeded } from '@xylem/sim';
import type { Bench } from './bench.ts';
import { type Fleet, groupsOf, hostGroup, type Rates, requestGroup, tenantGroup } from './verdicts/fleet.ts';
import { type Ring, type RingRun, runRing } from './verdicts/ring.ts';
import { blocks, naive, product, type Rule, requestNaive, requestProduct } from './verdicts/rules.ts';

/** How often deployments are stopped for nothing, and how many hosts it takes to stop a bad one. */
export const bench: Bench = {
  usage:
    '[--hosts N] [--control P] [--canary Q] [--alpha A] [--controls-per-exposed K] [--group G] [--runs R] [--seed S]:\n' +
    '  R simulated deployments to a fleet of N hosts, K controls for each exposed host, G hosts admitted at once, of which\n' +
    '  the share P fails anyway and the share Q with the new version; looks after every report; every admitted host counts.\n' +
    '  [--tenants T --hosts-each E]: instead T tenants of E hosts, one host of each exposed, judged together within tenants;\n' +
    '  and as a ring of a plan: a tenth of them at once, host by host, by what a plan decides',
  async run(words, say) {
    const options = optionsOf(words);
    const { control, canary, alpha, runs, seed } = options;
    say(row(['', 'controls', 'normal', 'new', 'false stops', 'detected', 'median exposed', '90 % within']));
    const compare = <Unit>(
      what: string,
      fleet: Fleet,
      rates: Rates,
      group: (random: () => number, fleet: Fleet, rates: Rates) => Unit[],
      rule: () => Rule<Unit>,
    ) => {
      // A rule meets the same fleets as the others.
      const harmless = deployments(runs, seed, fleet, { ...rates, exposed: rates.control }, group, rule);
      const harmful = deployments(runs, seed, fleet, rates, group, rule);
      const [falseStops, detected] = [harmless.stopped, harmful.stopped];
      const { median, most } = harmful;
      const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
      const told = [percent(rates.control), percent(rates.exposed), percent(falseStops), percent(detected)];
      say(row([what, String(fleet.controlsPerExposed), ...told, String(median), String(most)]));
      return { falseStops, detected, median };
    };
    const fleet: Fleet = options;
    const atOne: Fleet = { ...fleet, controlsPerExposed: 1 };
    const rates: Rates = { control, exposed: canary };
    const zero: Rates = { control: 0, exposed: canary };
    if (options.tenants > 0) {
      const pooled = compare('pooled by tenant', fleet, rates, tenantGroup, () => product(alpha));
      const alone: Fleet = { ...fleet, group: 1, hosts: 1 + fleet.controlsPerExposed };
      const single = compare('each tenant alone', alone, rates, tenantGroup, () => product(alpha));
      const simple = compare('stop at 3 failures', fleet, rates, tenantGroup, naive);
      const never = compare('pooled by tenant', fleet, { ...rates, control: 0 }, tenantGroup, () =>
        product(alpha),
      );
      const hostsEach = 1 + fleet.controlsPerExposed;
      const judged = (what: string, hostsAtOnce: number) => {
        const atOnce = Math.max(1, Math.floor(options.tenants / 10));
        const ring: Ring = { ...options, hostsEach, hostsAtOnce, atOnce };
        const calm = rings(runs, seed, ring, { control, exposed: control });
        const harmed = rings(runs, seed, ring, rates);
        const shares = [control, canary, calm.stopped, harmed.stopped];
        const told = shares.map((share) => `${(100 * share).toFixed(2)} %`);
        say(row([what, '-', ...told, String(harmed.median), String(harmed.most)]));
        return { calm, harmed, mostQuestions: Math.max(calm.mostQuestions, harmed.mostQuestions) };
      };
      const byHost = judged('ring, host by host', 1);
      const atOnce = judged('ring, tenant at once', hostsEach);
      const mostQuestions = Math.max(byHost.mostQuestions, atOnce.mostQuestions);
      const asked = (100 * byHost.calm.asked).toFixed(1);
      const lookMs = byHost.calm.lookMs;
      say(
        `Rings ask at most ${mostQuestions} times, without harm in ${asked} % of them; a look at ${options.tenants} tenants takes ${lookMs.toFixed(2)} ms, with all that is simulated.`,
      );
      return {
        inputs: { ...options },
        figures: {
          ringFalseStopRate: byHost.calm.stopped,
          ringDetectionRate: byHost.harmed.stopped,
          ringMedianHostsExposed: byHost.harmed.median,
          ringAtOnceFalseStopRate: atOnce.calm.stopped,
          ringAtOnceDetectionRate: atOnce.harmed.stopped,
          ringAtOnceMedianHostsExposed: atOnce.harmed.median,
          ringMostQuestions: mostQuestions,
          ringAskedRate: byHost.calm.asked,
          pooledFalseStopRate: pooled.falseStops,
          pooledDetectionRate: pooled.detected,
          pooledMedianHostsExposed: pooled.median,
          aloneDetectionRate: single.detected,
          naiveFalseStopRate: simple.falseStops,
          zeroErrorsFalseStopRate: never.falseStops,
          zeroErrorsDetectionRate: never.detected,
          zeroErrorsMedianHostsExposed: never.median,
        },
      };
    }
    const main = compare('failures', fleet, rates, hostGroup, () => product(alpha));
    const one = compare('failures', atOne, rates, hostGroup, () => product(alpha));
    const other = compare('failures, by blocks', fleet, rates, hostGroup, () => blocks(alpha));
    const otherOne = compare('failures, by blocks', atOne, rates, hostGroup, () => blocks(alpha));
    const simple = compare('stop at 3 failures', fleet, rates, hostGroup, naive);
    const never = compare('failures', fleet, zero, hostGroup, () => product(alpha));
    const requests = compare('requests', fleet, rates, requestGroup, () => requestProduct(alpha));
    const trials = compare('requests as trials', fleet, rates, requestGroup, requestNaive);
    return {
      inputs: { ...options },
      figures: {
        falseStopRate: main.falseStops,
        detectionRate: main.detected,
        medianHostsExposed: main.median,
        naiveFalseStopRate: simple.falseStops,
        atOneControlFalseStopRate: one.falseStops,
        atOneControlDetectionRate: one.detected,
        atOneControlMedianHostsExposed: one.median,
        blocksFalseStopRate: other.falseStops,
        blocksDetectionRate: other.detected,
        blocksMedianHostsExposed: other.median,
        blocksAtOneControlMedianHostsExposed: otherOne.median,
        zeroErrorsFalseStopRate: never.falseStops,
        zeroErrorsDetectionRate: never.detected,
        zeroErrorsMedianHostsExposed: never.median,
        requestsFalseStopRate: requests.falseStops,
        requestsDetectionRate: requests.detected,
        requestsMedianHostsExposed: requests.median,
        requestsAsTrialsFalseStopRate: trials.falseStops,
      },
    };
  },
};

interface Options extends Fleet {
  readonly control: number;
  readonly canary: number;
  readonly alpha: number;
  readonly runs: number;
  readonly seed: number;
  /** 0: one fleet. */
  readonly tenants: number;
}

function optionsOf(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      hosts: { type: 'string', default: '10000' },
      control: { type: 'string', default: '0.01' },
      canary: { type: 'string', default: '0.05' },
      alpha: { type: 'string', default: '0.01' },
      'controls-per-exposed': { type: 'string', default: '20' },
      group: { type: 'string', default: '10' },
      runs: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      tenants: { type: 'string', default: '0' },
      'hosts-each': { type: 'string', default: '3' },
    },
  });
  const [hosts, runs, seed] = [Number(values.hosts), Number(values.runs), Number(values.seed)];
  const [group, controlsPerExposed] = [Number(values.group), Number(values['controls-per-exposed'])];
  const [control, canary, alpha] = [Number(values.control), Number(values.canary), Number(values.alpha)];
  if (![hosts, runs, group, controlsPerExposed].every((one) => Number.isSafeInteger(one) && one >= 1))
    throw new XylemError(
      'E_INPUT',
      '--hosts, --runs, --group and --controls-per-exposed are whole numbers from 1 on.',
    );
  if (!Number.isSafeInteger(seed)) throw new XylemError('E_INPUT', '--seed is a whole number.');
  if (![control, canary].every((share) => share >= 0 && share <= 1) || !(alpha > 0 && alpha < 1))
    throw new XylemError(
      'E_INPUT',
      '--control and --canary are shares from 0 to 1; --alpha lies between them.',
    );
  const [tenants, each] = [Number(values.tenants), Number(values['hosts-each'])];
  if (!Number.isSafeInteger(tenants) || tenants < 0 || !Number.isSafeInteger(each) || each < 2)
    throw new XylemError('E_INPUT', '--tenants is a whole number, --hosts-each one from 2 on.');
  const rest = { group, control, canary, alpha, runs, seed, tenants };
  return tenants === 0
    ? { ...rest, hosts, controlsPerExposed }
    : { ...rest, hosts: tenants * each, controlsPerExposed: each - 1 };
}

/** @returns the share that was stopped, and how many hosts were exposed by then: those never stopped count with all */
function deployments<Unit>(
  runs: number,
  seed: number,
  fleet: Fleet,
  rates: Rates,
  group: (random: () => number, fleet: Fleet, rates: Rates) => Unit[],
  rule: () => Rule<Unit>,
): { readonly stopped: number; readonly median: number; readonly most: number } {
  const random = seeded(seed);
  const groups = groupsOf(fleet);
  const exposed: number[] = [];
  let stopped = 0;
  for (let run = 0; run < runs; run += 1) {
    // Each deployment has numbers of its own, so that a rule that stops early leaves the next one's alone.
    const own = seeded(Math.floor(random() * Number.MAX_SAFE_INTEGER));
    const stops = rule();
    let admitted = 0;
    for (let number = 0; number < groups; number += 1) {
      admitted += fleet.group;
      if (!stops(group(own, fleet, rates), number)) continue;
      stopped += 1;
      break;
    }
    exposed.push(admitted);
  }
  exposed.sort((a, b) => a - b);
  const at = (share: number): number => exposed[Math.ceil(share * runs) - 1] ?? 0;
  return { stopped: stopped / runs, median: at(0.5), most: at(0.9) };
}

/** Rings one after the other, each with numbers of its own. */
function rings(runs: number, seed: number, ring: Ring, rates: Rates) {
  const random = seeded(seed);
  const began = performance.now();
  const all: RingRun[] = [];
  for (let run = 0; run < runs; run += 1)
    all.push(runRing(seeded(Math.floor(random() * Number.MAX_SAFE_INTEGER)), ring, rates));
  const tookMs = performance.now() - began;
  const exposed = all.map((one) => one.exposed).sort((a, b) => a - b);
  const at = (share: number): number => exposed[Math.ceil(share * runs) - 1] ?? 0;
  return {
    stopped: all.filter(({ stopped }) => stopped).length / runs,
    asked: all.filter(({ questions }) => questions > 0).length / runs,
    mostQuestions: Math.max(...all.map(({ questions }) => questions)),
    median: at(0.5),
    most: at(0.9),
    lookMs: tookMs / all.reduce((sum, { looks }) => sum + looks, 0),
  };
}

function row([what = '', ...cells]: readonly string[]): string {
  return [what.padEnd(20), ...cells.map((cell) => cell.padStart(15))].join('');
}
