import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  advance,
  assignmentsFor,
  type CanaryStrategy,
  type Deployment,
  type DesiredState,
  desiredAssignments,
  type EnvironmentSpec,
  type HostCount,
  type HostEvidence,
  heldPins,
  jcs,
  type Release,
  type Strategy,
  standingOf,
  strayPins,
} from '@xylem/core';
import { seeded } from './random.ts';
import { replay } from './record.ts';
import { type Scenario, usual } from './scenario.ts';
import { type Moment, simulate } from './simulate.ts';

/** By hand: SEEDS=2000 node --test packages/sim/src/properties.test.ts. `FIRST` begins with another seed than 1. */
const [seeds, firstSeed] = [Number(process.env['SEEDS'] ?? 20), Number(process.env['FIRST'] ?? 1)];
const hour = 3_600_000;

/** A fleet and a strategy of all kinds, with churn, failures and crashes. */
function drawn(seed: number): Scenario {
  const random = seeded(seed);
  const pick = <One>(...those: readonly One[]): One => those[Math.floor(random() * those.length)] as One;
  const limits = {
    maxUnavailable: pick<HostCount>(1, 3, '10%', '34%', '100%'),
    ...(random() < 0.5 ? { maxFailed: pick<HostCount>(1, 3, '50%', '100%') } : {}),
    ...(random() < 0.5 ? { per: 'site' } : {}),
  };
  const canary: CanaryStrategy = {
    kind: 'canary',
    steps: pick<readonly HostCount[]>([1], [1, '25%'], ['10%', '50%'], [2, 2, '40%']),
    bakeSeconds: pick(0, 600, 1_800),
    minimumExposure: pick(1, 3),
    alpha: 0.05,
    onFail: pick('rollback' as const, 'stop' as const),
    onNoData: 'wait',
    ...limits,
  };
  const { kind: _, steps: __, ...judged } = canary;
  const strategy = pick<Strategy>(
    canary,
    canary,
    { kind: 'rolling', ...judged },
    { kind: 'rolling', ...limits },
    { kind: 'all-at-once' },
  );
  const share = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  return {
    ...usual,
    hosts: 1 + Math.floor(random() * 60),
    seed,
    strategy,
    lookMs: pick(60_000, 300_000),
    untilMs: 8 * hour,
    latency: pick<Scenario['latency']>(usual.latency, { kind: 'lognormal', ms: 30_000, spread: 1.5 }),
    update: pick<Scenario['update']>(usual.update, { kind: 'lognormal', ms: 180_000, spread: 1 }),
    sites: pick(1, 3),
    failsEveryMs: pick(null, 40 * hour, 400 * hour),
    breaks: share(0.5),
    silent: share(1),
    offline: share(0.4),
    leaves: share(1),
    joins: share(1),
    relabels: share(1),
    churnMs: 3 * hour,
    crashesEveryMs: pick(null, 2 * hour, hour / 3),
  };
}

const isAdmitted = ({ admittedAt, held }: HostEvidence): boolean => admittedAt !== null && !held;
const isEligible = ({ components }: HostEvidence): boolean => components.length > 0;
const atLeastOne = (count: HostCount, of: number): number =>
  Math.max(1, typeof count === 'number' ? count : Math.floor((of * Number(count.slice(0, -1))) / 100));

function bySite(hosts: readonly HostEvidence[]): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  for (const { stratum = null } of hosts) counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
  return counts;
}

/** What is told to be used and is not known to be well: nobody counts on it. */
const unavailable = (
  deployment: Deployment,
  hosts: readonly HostEvidence[],
  { now }: Moment,
  policy: Scenario['policy'],
) =>
  bySite(
    hosts.filter(
      (one) => isEligible(one) && isAdmitted(one) && standingOf(deployment, one, now, policy) !== 'done',
    ),
  );

function limitsHold(moment: Moment, { policy, strategy }: Scenario): void {
  const { deployment, hosts, after } = moment;
  if (deployment.kind !== 'deploy' || strategy.kind === 'all-at-once') return;
  const sizes = bySite(hosts.filter(isEligible));
  const before = unavailable(deployment, hosts, moment, policy);
  for (const [site, count] of unavailable(deployment, after.hosts, moment, policy)) {
    const limit = atLeastOne(strategy.maxUnavailable, sizes.get(site) ?? 0);
    assert.ok(
      count <= Math.max(limit, before.get(site) ?? 0),
      `${count} unavailable in ${site}, allowed ${limit}`,
    );
  }
  if (strategy.kind !== 'canary') return;
  const share = strategy.steps[deployment.canary?.step ?? 0];
  if (share === undefined) return;
  const exposed = (all: readonly HostEvidence[]) =>
    bySite(all.filter((one) => isEligible(one) && isAdmitted(one)));
  const earlier = exposed(hosts);
  for (const [site, count] of exposed(after.hosts)) {
    const limit = atLeastOne(share, sizes.get(site) ?? 0);
    assert.ok(
      count <= Math.max(limit, earlier.get(site) ?? 0),
      `${count} exposed in ${site}, the step has ${limit}`,
    );
  }
}

/** Times are those of the look, and no step is passed while one of its hosts bakes. */
function bakesAreWhole({ deployment, hosts, after, now }: Moment): void {
  const { strategy } = deployment;
  if (strategy.kind !== 'canary') return;
  const known = new Map(hosts.map((one) => [one.id, one]));
  for (const { id, doneAt = null, admittedAt } of after.hosts) {
    assert.ok(
      doneAt === null || doneAt === now || doneAt === known.get(id)?.doneAt,
      'a bake began at another time',
    );
    assert.ok(admittedAt === null || admittedAt === now || admittedAt === known.get(id)?.admittedAt);
  }
  if ((after.deployment.canary?.step ?? 0) === (deployment.canary?.step ?? 0)) return;
  for (const { components, held, doneAt = null } of after.hosts)
    if (components.length > 0 && !held && doneAt !== null)
      assert.ok(now - doneAt >= strategy.bakeSeconds * 1000, 'a step was passed within a bake');
}

function nobodyIsEvicted({ hosts, after }: Moment): void {
  const kept = new Map(after.hosts.map((one) => [one.id, one]));
  for (const one of hosts.filter((host) => isEligible(host) && isAdmitted(host)))
    assert.ok(
      isAdmitted(kept.get(one.id) ?? assert.fail('forgotten')),
      'a host that was admitted is no more',
    );
}

const component = 'app';
const release = (deployment: Deployment, which: 'from' | 'to') => {
  const change = deployment.components[component] ?? assert.fail();
  const packaged = which === 'to' ? change.to : (change.from[0] ?? null);
  const packages = [{ component, package: packaged, version: which, after: [] }];
  return {
    digest: (which === 'to' ? '1' : '2').repeat(64),
    release: { product: component, version: which, packages } as unknown as Release,
  };
};
const spec = { name: 'a/b', products: { [component]: {} }, policy: {} } as unknown as EnvironmentSpec;

/** By the documents that hosts read: who is given the release is who was admitted, and nobody is given two. */
function oneReleaseEach({ after: { deployment, hosts } }: Moment): void {
  if (deployment.state !== 'running') return;
  const settled = release(deployment, 'from');
  const to = deployment.components[component]?.to ?? assert.fail();
  const assignments = desiredAssignments(spec, [
    { product: component, settled, deployments: [{ deployment, release: release(deployment, 'to') }] },
  ] as unknown as Parameters<typeof desiredAssignments>[1]);
  const packages = new Map([[component, settled.release.packages[0]?.package ?? assert.fail()]]);
  for (const host of hosts.filter(isEligible)) {
    const pins = host.held ? heldPins(deployment, host) : strayPins(deployment, host, packages);
    const labels: Record<string, string> = typeof host.stratum === 'string' ? { site: host.stratum } : {};
    const given = assignmentsFor({ assignments } as unknown as DesiredState, host.id, {
      labels,
      pins,
    }).assignments;
    assert.ok(given.length <= 1, 'two releases in one slot');
    // What is not judged is given to who joins as well.
    if (!('bakeSeconds' in deployment.strategy) && !host.held && !isAdmitted(host)) continue;
    assert.equal(
      given[0]?.package === to,
      isAdmitted(host),
      'given to whom it did not admit, or not to whom it did',
    );
  }
}

/** What was stored is what was known, and the same is decided by it, whatever the order of hosts. */
function decidesTheSame({ deployment, hosts, now, said }: Moment, { policy }: Scenario): void {
  const stored = JSON.parse(JSON.stringify({ deployment, hosts })) as Pick<Moment, 'deployment' | 'hosts'>;
  assert.equal(jcs(advance(stored.deployment, stored.hosts.toReversed(), now, policy)), jcs(said));
}

test(`in ${seeds} fleets: limits hold, nobody is evicted, one release each, the same after a crash and in a replay`, async () => {
  const seen = { crashes: 0, failed: 0, succeeded: 0, back: 0, admitted: 0 };
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const scenario = drawn(seed);
    const lines: string[] = [];
    try {
      const result = simulate(scenario, {
        record: (line) => void lines.push(line),
        watch: (moment) => {
          limitsHold(moment, scenario);
          bakesAreWhole(moment);
          nobodyIsEvicted(moment);
          oneReleaseEach(moment);
          decidesTheSame(moment, scenario);
        },
      });
      assert.deepEqual(await replay(lines), { looks: result.looks, differs: null });
      seen.crashes += result.crashes;
      seen.admitted += result.exposed;
      if (result.state === 'failed' || result.state === 'succeeded') seen[result.state] += 1;
      if (result.back !== null) seen.back += 1;
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(scenario)}`, { cause: error });
    }
  }
  // Else nothing was tried.
  for (const [what, count] of Object.entries(seen)) assert.ok(seeds < 20 || count > 0, `no ${what}`);
});

test('a root server that crashes and is back at once decides what one does that never crashed', () => {
  const decided = (scenario: Scenario): string[] => {
    const lines: string[] = [];
    simulate(scenario, { record: (line) => void lines.push(line) });
    return lines
      .slice(1)
      .map((line) => JSON.parse(line) as { at: number; lost: boolean; decisions: unknown; verdict: string })
      .filter(({ lost }) => !lost)
      .map(({ at, decisions, verdict }) => jcs({ at, decisions, verdict }));
  };
  for (let seed = firstSeed; seed < firstSeed + Math.ceil(seeds / 4); seed += 1) {
    const scenario = { ...drawn(seed), downMs: 0 };
    assert.deepEqual(
      decided({ ...scenario, crashesEveryMs: 10 * scenario.lookMs }),
      decided({ ...scenario, crashesEveryMs: null }),
      `seed ${seed}`,
    );
  }
});
