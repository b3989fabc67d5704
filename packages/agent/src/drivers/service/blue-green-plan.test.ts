import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Step } from '../../converge/steps.ts';
import type { ObservedSlot, Running } from '../../slot/observed.ts';
import type { Placed } from '../../slot/placed.ts';
import { stateLayout } from '../../state/layout.ts';
import { blueGreenService } from '../../testing/blue-green.ts';
import { planService } from './plan.ts';
import { type Side, sidesOf } from './sides.ts';
import { serviceSpec } from './spec.ts';

const places = { layout: stateLayout('/state'), node: '/usr/bin/node' };
const ports = [7_001, 7_002] as const;
const version = (number: string, router: 'builtin' | 'nginx' = 'nginx'): Placed =>
  blueGreenService({
    component: 'api',
    version: number,
    ports,
    router:
      router === 'builtin'
        ? { builtin: { listen: '127.0.0.1:7000' } }
        : { nginx: { upstreamFile: '/etc/x.conf' } },
  });
const versions = ['1.0.0', '2.0.0', '3.0.0'].map((number) => version(number));
const sides = sidesOf(version('1.0.0'), places) ?? assert.fail('no sides');

/** A machine: what runs on each side, where traffic goes, and what of it was probed since it was started. */
interface World {
  readonly on: ReadonlyMap<string, Placed>;
  readonly probed: ReadonlySet<string>;
  readonly port: number | null;
  readonly installed: Placed | null;
  readonly warm: { readonly service: string; readonly fingerprint: string; readonly leftMs: number } | null;
  readonly current: string | null;
}

function slotOf(world: World): ObservedSlot {
  const all = [...world.on].map(([service, placed]): Running => {
    const side = sides.find((one) => one.service === service) ?? assert.fail(service);
    const { tree, fingerprint } = serviceSpec(placed, places, side);
    return { kind: 'service', tree, fingerprint, alive: true, instance: service, service };
  });
  const [first, ...beside] = all;
  const route = world.installed === null ? {} : { route: { port: world.port } };
  const running =
    first === undefined
      ? null
      : { ...first, beside, ...route, ...(world.warm === null ? {} : { warm: world.warm }) };
  return {
    component: 'api',
    record:
      world.installed === null
        ? null
        : { installed: world.installed, since: '', previous: [], refused: null },
    current: (world.current ?? null) as ObservedSlot['current'],
    trees: versions.map(({ tree }) => tree),
    partials: [],
    running,
    hasData: false,
  };
}

/** What a step does; with what must never happen. */
function act(world: World, step: Step, isCommitted: boolean): World {
  switch (step.kind) {
    case 'stop': {
      const { service = '' } = step;
      const ended = world.on.get(service);
      const side = sides.find((one) => one.service === service);
      assert.ok(ended === undefined || world.port !== side?.port, 'what has the traffic is not stopped');
      const isInstalled = ended !== undefined && ended.version === world.installed?.version;
      const elsewhere = [...world.on].some(([name, one]) => name !== service && one === ended);
      assert.ok(
        !isInstalled || isCommitted || elsewhere,
        'the old one is not stopped before the new is committed',
      );
      const on = new Map(world.on);
      on.delete(service);
      return { ...world, on, probed: new Set([...world.probed].filter((name) => name !== service)) };
    }
    case 'start': {
      const service = step.side?.service ?? '';
      const probed = new Set(world.probed);
      if (world.on.get(service) !== step.target) probed.delete(service);
      return { ...world, on: new Map([...world.on, [service, step.target]]), probed };
    }
    case 'probe':
      assert.equal(world.on.get(step.side?.service ?? ''), step.target, 'what is probed runs');
      return { ...world, probed: new Set([...world.probed, step.side?.service ?? '']) };
    case 'route':
      assert.equal(world.on.get(step.side.service), step.target, 'traffic goes to what runs');
      assert.ok(world.probed.has(step.side.service), 'and was probed');
      return { ...world, port: step.side.port };
    case 'drain': {
      const { service } = step.from;
      return step.bake ? { ...world, warm: { service, fingerprint: step.fingerprint, leftMs: 1 } } : world;
    }
    case 'switch':
      return { ...world, current: step.tree };
    default:
      return world;
  }
}

const sideOf = fc.constantFrom<Side>(...sides);
const worlds = fc
  .record({
    blue: fc.option(fc.constantFrom(...versions)),
    green: fc.option(fc.constantFrom(...versions)),
    routed: fc.option(sideOf),
    installed: fc.option(fc.constantFrom(...versions)),
    warm: fc.option(fc.record({ side: sideOf, leftMs: fc.constantFrom(-1, 1) })),
  })
  .map(({ blue, green, routed, installed, warm }): World => {
    const on = new Map<string, Placed>();
    if (blue !== null) on.set(sides[0].service, blue);
    if (green !== null) on.set(sides[1].service, green);
    const kept = warm === null ? undefined : on.get(warm.side.service);
    return {
      on,
      // What was there before was probed when it came, but for what was just being tried.
      probed: new Set([...on].filter(([, one]) => one === installed).map(([service]) => service)),
      port: routed?.port ?? null,
      installed,
      warm:
        warm === null || kept === undefined
          ? null
          : {
              service: warm.side.service,
              fingerprint: serviceSpec(kept, places, warm.side).fingerprint,
              leftMs: warm.leftMs,
            },
      current: installed?.tree ?? null,
    };
  })
  // Two of the same version are never started, nor a second one beside a first installation.
  .filter(
    ({ on, installed }) => new Set(on.values()).size === on.size && (installed !== null || on.size < 2),
  );

suite('the plan of a switch without a gap', () => {
  test('from any state, cut off anywhere: traffic only to what runs and was probed, the old one stays, and it comes to rest', () => {
    const cuts = fc.array(fc.nat({ max: 8 }), { maxLength: 4 });
    fc.assert(
      fc.property(worlds, fc.constantFrom(...versions), cuts, (begin, target, given) => {
        let world = begin;
        const left = [...given];
        for (let turn = 0; turn < 12; turn += 1) {
          const committed = world.installed === target;
          const steps = planService.toRun(slotOf(world), target, committed, places);
          if (steps.length === 0 && committed) break;
          const cut = left.shift();
          for (const step of cut === undefined ? steps : steps.slice(0, cut))
            world = act(world, step, committed);
          if (cut === undefined || cut >= steps.length) world = { ...world, installed: target };
        }
        const committed = world.installed === target;
        assert.ok(committed);
        assert.deepEqual(
          planService.toRun(slotOf(world), target, committed, places),
          [],
          'nothing is left to do',
        );
        const side = sides.find(({ port }) => port === world.port);
        assert.equal(world.on.get(side?.service ?? ''), target, 'traffic goes to it');
      }),
      { numRuns: 2_000 },
    );
  });

  test('a return goes to what was kept, without a start', () => {
    const [one, two] = versions as [Placed, Placed];
    const fingerprint = serviceSpec(one, places, sides[0]).fingerprint;
    const world: World = {
      on: new Map([
        [sides[0].service, one],
        [sides[1].service, two],
      ]),
      probed: new Set(),
      port: sides[1].port,
      installed: two,
      warm: { service: sides[0].service, fingerprint, leftMs: 1 },
      current: two.tree,
    };
    const steps = planService.toRun(slotOf(world), one, false, places);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['probe', 'route', 'switch', 'drain'],
    );
    assert.equal(steps[0]?.kind === 'probe' && steps[0].as, 'warm');
    assert.equal(steps[3]?.kind === 'drain' && steps[3].bake, false, 'what is left is not kept');
  });

  test('when the bake has ended, what was kept is stopped', () => {
    const [one, two] = versions as [Placed, Placed];
    const on = new Map([
      [sides[0].service, one],
      [sides[1].service, two],
    ]);
    const fingerprint = serviceSpec(one, places, sides[0]).fingerprint;
    const world = (leftMs: number): World => ({
      on,
      probed: new Set(),
      port: sides[1].port,
      installed: two,
      warm: { service: sides[0].service, fingerprint, leftMs },
      current: two.tree,
    });
    assert.deepEqual(planService.toRun(slotOf(world(1)), two, true, places), []);
    assert.deepEqual(planService.toRun(slotOf(world(0)), two, true, places), [
      { kind: 'stop', stopTimeoutMs: 3_000, service: 'api@blue' },
    ]);
  });

  test('while the router does not say where it leads, nothing is stopped before it is told', () => {
    const [one, two] = versions as [Placed, Placed];
    const slot = slotOf({
      on: new Map([
        [sides[0].service, one],
        [sides[1].service, two],
      ]),
      probed: new Set(),
      port: null,
      installed: one,
      warm: null,
      current: one.tree,
    });
    const running = slot.running === null ? null : { ...slot.running, route: { fault: 'no answer' } };
    const steps = planService.toRun({ ...slot, running }, one, true, places);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['probe', 'route', 'stop'],
    );
  });
});
