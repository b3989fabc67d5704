import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '@xylem/core';
import fc from 'fast-check';
import type { WantedState } from '../direction/wanted.ts';
import { drivers } from '../drivers/index.ts';
import { serviceSpec } from '../drivers/service/spec.ts';
import { emptySlot, isOccupied, type ObservedSlot } from '../slot/observed.ts';
import { installFingerprint, type Placed, type Refusal } from '../slot/placed.ts';
import { stateLayout } from '../state/layout.ts';
import { testPackage } from '../testing/packages.ts';
import type { Reason } from './goal.ts';
import { type PlanInput, planSlots } from './plan.ts';
import { stepKinds, stepsOfKind } from './points.ts';
import type { SlotPlan, Step } from './steps.ts';

const places = { layout: stateLayout('/state'), node: '/usr/bin/node' };

function service(
  component: string,
  version: string,
  more: { after?: string[]; deployment?: string; config?: object } = {},
) {
  return testPackage({
    component,
    version,
    kind: 'service',
    files: { main: version },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    service: { command: ['${tree}/main', '${config.level}'] },
    ...more,
    config: { level: 1, ...more.config },
  });
}

function files(component: string, version: string, more: { after?: string[]; deployment?: string } = {}) {
  return testPackage({ component, version, files: { main: `${component} ${version}` }, ...more });
}

function wantedOf(components: Placed[], more: Partial<WantedState> = {}): WantedState {
  return { snapshot: 1, number: 1, components, held: [], purge: [], keepPrevious: 1, ...more };
}

function input(
  slots: ObservedSlot[],
  wanted: WantedState | null,
  postponed = new Map<string, Reason>(),
): PlanInput {
  return { slots: new Map(slots.map((slot) => [slot.component, slot])), wanted, postponed, places, drivers };
}

/** What the executors do, in memory. */
function applyStep(slot: ObservedSlot, step: Step): ObservedSlot {
  switch (step.kind) {
    case 'reserve':
    case 'adopt':
    case 'disown':
    case 'preflight':
    case 'reboot':
    case 'probe':
    case 'route':
    case 'drain':
      return slot;
    case 'fetch':
      return { ...slot, partials: [...slot.partials, step.tree] };
    case 'stage':
      return {
        ...slot,
        partials: slot.partials.filter((tree) => tree !== step.tree),
        trees: [...new Set([...slot.trees, step.tree])],
      };
    case 'stop':
    case 'unapply':
      return { ...slot, running: null };
    case 'apply': {
      const { kind, tree } = step.target;
      const fingerprint = installFingerprint(step.target);
      return { ...slot, running: { kind, tree, fingerprint, alive: true, instance: '' } };
    }
    case 'switch':
      assert.ok(slot.trees.includes(step.tree), 'switches only to a whole tree');
      return { ...slot, current: step.tree };
    case 'start': {
      assert.equal(slot.running, null, 'starts only what does not run');
      assert.equal(slot.current, step.target.tree);
      const { tree, fingerprint } = serviceSpec(step.target, places);
      return { ...slot, running: { kind: 'service', tree, fingerprint, alive: true, instance: '' } };
    }
    case 'commit':
      return {
        ...slot,
        record: { installed: step.target, since: '', previous: step.previous, refused: null },
      };
    case 'retire': {
      const kept = (tree: string) => step.keep.includes(tree as Digest);
      return { ...slot, trees: slot.trees.filter(kept), partials: slot.partials.filter(kept) };
    }
    case 'revert': {
      const record = slot.record ?? { installed: null, since: '', previous: [], refused: null };
      return { ...slot, record: { ...record, refused: step.refusal } };
    }
    case 'remove': {
      assert.equal(slot.running, null, 'removes only what does not run');
      const record = step.keepRecord ? slot.record : null;
      return { ...slot, record, current: null, trees: [], partials: [] };
    }
    case 'purge':
      return { ...slot, hasData: false };
  }
}

/** Plans and applies until nothing is left; at most `limit` slot plans. */
function settle(start: PlanInput, limit = 60): { slots: Map<string, ObservedSlot>; plans: SlotPlan[] } {
  const slots = new Map(start.slots);
  const plans: SlotPlan[] = [];
  for (let turn = 0; turn < limit; turn += 1) {
    const [next] = planSlots({ ...start, slots }).slots;
    if (next === undefined) return { slots, plans };
    plans.push(next);
    const slot = slots.get(next.component) ?? emptySlot(next.component);
    slots.set(next.component, next.steps.reduce(applyStep, slot));
  }
  throw new Error(
    `no rest after ${limit} plans: ${plans
      .slice(-4)
      .map(({ component, action }) => `${component} ${action}`)
      .join()}`,
  );
}

const kindsOf = (plan: SlotPlan | undefined): string[] => (plan?.steps ?? []).map(({ kind }) => kind);

test('a first service takes all steps to its commit', () => {
  const [plan] = planSlots(input([], wantedOf([service('api', '1.0.0')]))).slots;
  assert.deepEqual(kindsOf(plan), [
    'reserve',
    'fetch',
    'stage',
    'preflight',
    'switch',
    'start',
    'probe',
    'commit',
  ]);
  assert.equal(plan?.action, 'install');
});

test('an update stops, switches, starts, probes, commits, and keeps one former tree', () => {
  const v1 = service('api', '1.0.0');
  const v2 = service('api', '2.0.0');
  const v3 = service('api', '3.0.0');
  const first = settle(input([], wantedOf([v1]))).slots;
  const second = settle({ ...input([], wantedOf([v2])), slots: first }).slots;
  const [plan] = planSlots({ ...input([], wantedOf([v3])), slots: second }).slots;
  const ofRouters: readonly string[] = ['unapply', 'route', 'drain'];
  const update = stepsOfKind.service.filter((kind) => !ofRouters.includes(kind)).slice(0, 10);
  assert.deepEqual(kindsOf(plan), update);
  const { slots } = settle({ ...input([], wantedOf([v3])), slots: second });
  assert.deepEqual([...(slots.get('api')?.trees ?? [])].sort(), [v2.tree, v3.tree].sort());
  assert.equal(slots.get('api')?.record?.previous[0]?.version, '2.0.0');
});

test('back to the kept version nothing is fetched, and the kept tree is verified', () => {
  const [v1, v2] = [service('api', '1.0.0'), service('api', '2.0.0')];
  const { slots } = settle({ ...input([], wantedOf([v2])), slots: settle(input([], wantedOf([v1]))).slots });
  const [plan] = planSlots({ ...input([], wantedOf([v1])), slots }).slots;
  assert.deepEqual(kindsOf(plan), ['stage', 'preflight', 'stop', 'switch', 'start', 'probe', 'commit']);
});

function refusalOf(placed: Placed): Refusal {
  return {
    package: placed.package,
    fingerprint: installFingerprint(placed),
    deployment: placed.deployment,
    version: placed.version,
    tree: placed.tree,
    product: placed.product,
    kind: placed.kind,
    code: 'E_HEALTH_FAILED',
    message: 'status 500',
    ...(placed.retry === undefined ? {} : { retry: placed.retry }),
    since: '',
  };
}

test('a refused package leads back to the committed one, and is tried again in another deployment', () => {
  const v1 = service('api', '1.0.0');
  const v2 = service('api', '2.0.0', { deployment: 'one' });
  const wanted = wantedOf([v2]);
  const { slots } = settle(input([], wantedOf([v1])));
  const [update] = planSlots({ ...input([], wanted), slots }).slots;
  const untilProbe = update?.steps.slice(0, kindsOf(update).indexOf('probe')) ?? [];
  let slot = untilProbe.reduce(applyStep, slots.get('api') ?? emptySlot('api'));
  slot = applyStep(slot, { kind: 'revert', refusal: refusalOf(v2) });
  const back = planSlots(input([slot], wanted));
  assert.deepEqual(kindsOf(back.slots[0]), ['stage', 'preflight', 'stop', 'switch', 'start', 'retire']);
  assert.equal(back.waiting.get('api')?.code, 'E_HEALTH_FAILED');
  const rest = settle(input([slot], wanted)).slots.get('api');
  assert.equal(rest?.current, v1.tree);
  assert.deepEqual(rest?.trees, [v1.tree]);
  const again = planSlots(input(rest === undefined ? [] : [rest], wantedOf([{ ...v2, deployment: 'two' }])));
  assert.equal(again.slots[0]?.action, 'update');
});

test('a refused package is tried once more for each order to try it again', () => {
  const v1 = service('api', '1.0.0');
  const v2 = service('api', '2.0.0', { deployment: 'one' });
  const refusing = (refused: Placed): ObservedSlot => {
    const { slots } = settle(input([], wantedOf([v1])));
    const slot = applyStep(slots.get('api') ?? emptySlot('api'), {
      kind: 'revert',
      refusal: refusalOf(refused),
    });
    return settle(input([slot], wantedOf([refused]))).slots.get('api') ?? assert.fail();
  };
  const actions = (slot: ObservedSlot, wanted: Placed) =>
    planSlots(input([slot], wantedOf([wanted]))).slots.map(({ action }) => action);
  const first = { ...v2, retry: 'first' };
  assert.deepEqual(actions(refusing(v2), v2), []);
  assert.deepEqual(actions(refusing(v2), first), ['update']);
  assert.deepEqual(actions(refusing(first), first), [], 'it was refused again');
  assert.deepEqual(actions(refusing(first), { ...v2, retry: 'second' }), ['update']);
  assert.deepEqual(actions(refusing(first), v2), [], 'an order that is gone is none');
});

test('a first version that is refused is parked: nothing runs, nothing loops', () => {
  const v1 = service('api', '1.0.0');
  const [install] = planSlots(input([], wantedOf([v1]))).slots;
  let slot = (install?.steps ?? []).slice(0, 6).reduce(applyStep, emptySlot('api'));
  slot = applyStep(slot, { kind: 'revert', refusal: refusalOf(v1) });
  const { slots, plans } = settle(input([slot], wantedOf([v1])));
  assert.deepEqual(plans.map(kindsOf), [['stop', 'remove']]);
  assert.equal(slots.get('api')?.running, null);
});

test('what was accepted runs before a new version is fetched', () => {
  const [v1, v2] = [service('api', '1.0.0'), service('api', '2.0.0')];
  const slot = settle(input([], wantedOf([v1]))).slots.get('api') ?? emptySlot('api');
  const plans = settle(input([{ ...slot, running: null }], wantedOf([v2]))).plans;
  assert.deepEqual(
    plans.map(({ action }) => action),
    ['repair', 'update'],
  );
  assert.deepEqual(kindsOf(plans[0]), ['preflight', 'start']);
});

test('while an update is postponed its partial tree stays, and the old version runs', () => {
  const [v1, v2] = [files('web', '1.0.0'), files('web', '2.0.0')];
  const slot = settle(input([], wantedOf([v1]))).slots.get('web') ?? emptySlot('web');
  const postponed = new Map([['web', { code: 'E_DISK_FULL', message: '' } as const]]);
  const partial = { ...slot, partials: [v2.tree] };
  const plan = planSlots(input([partial], wantedOf([v2]), postponed));
  assert.deepEqual(plan.slots, []);
  assert.equal(plan.waiting.get('web')?.code, 'E_DISK_FULL');
});

test('what comes after something that is held back waits, but what runs stays', () => {
  const db = files('db', '1.0.0');
  const web = files('web', '1.0.0', { after: ['db'] });
  const held = { component: 'db', code: 'E_NOT_VOUCHED', message: '' } as const;
  const plan = planSlots(input([], wantedOf([web], { held: [held] })));
  assert.deepEqual(plan.slots, []);
  assert.equal(plan.waiting.get('web')?.code, 'E_AFTER');
  assert.equal(plan.waiting.get('db')?.code, 'E_NOT_VOUCHED');
  const both = planSlots(input([], wantedOf([web, db])));
  assert.deepEqual(
    both.slots.map(({ component }) => component),
    ['db', 'web'],
  );
});

test('without an accepted direction nothing is touched', () => {
  const slot = settle(input([], wantedOf([service('api', '1.0.0')]))).slots.get('api') ?? emptySlot('api');
  assert.deepEqual(planSlots(input([slot], null)).slots, []);
});

const names = ['a', 'b', 'c', 'd'];
const anyPlaced = (component: string): fc.Arbitrary<Placed> =>
  fc
    .record({
      kind: fc.constantFrom('files' as const, 'service' as const),
      version: fc.constantFrom('1.0.0', '2.0.0', '3.0.0'),
      after: fc.subarray(names.slice(0, names.indexOf(component))),
      deployment: fc.constantFrom('one', 'two'),
      level: fc.constantFrom(1, 2),
    })
    .map(({ kind, version, after, deployment, level }) =>
      kind === 'files'
        ? files(component, version, { after, deployment })
        : service(component, version, { after, deployment, config: { level } }),
    );
const anySlot = (component: string): fc.Arbitrary<ObservedSlot> =>
  fc
    .record({
      installed: fc.option(anyPlaced(component)),
      previous: fc.array(anyPlaced(component), { maxLength: 2 }),
      refused: fc.option(anyPlaced(component)),
      running: fc.option(anyPlaced(component)),
      current: fc.option(anyPlaced(component)),
      trees: fc.array(anyPlaced(component), { maxLength: 3 }),
      partials: fc.array(anyPlaced(component), { maxLength: 2 }),
      hasData: fc.boolean(),
      hasRecord: fc.boolean(),
    })
    .map((drawn): ObservedSlot => {
      const trees = [
        ...new Set(
          [...drawn.trees, ...(drawn.current === null ? [] : [drawn.current])].map(({ tree }) => tree),
        ),
      ];
      const isService = drawn.running?.kind === 'service';
      return {
        component,
        record: drawn.hasRecord
          ? {
              installed: drawn.installed,
              since: '',
              previous: drawn.previous,
              refused: drawn.refused === null ? null : refusalOf(drawn.refused),
            }
          : null,
        current: drawn.current?.tree ?? null,
        trees,
        partials: drawn.partials.map(({ tree }) => tree).filter((tree) => !trees.includes(tree)),
        running:
          drawn.running !== null && isService
            ? {
                kind: 'service',
                tree: drawn.running.tree,
                fingerprint: serviceSpec(drawn.running, places).fingerprint,
                alive: true,
                instance: '',
              }
            : null,
        hasData: drawn.hasData,
      };
    });
const anyInput = fc
  .record({
    slots: fc.tuple(...names.map((name) => fc.option(anySlot(name)))),
    wanted: fc.tuple(...names.map((name) => fc.option(anyPlaced(name)))),
    held: fc.subarray(names),
    purge: fc.subarray(names),
    postponed: fc.subarray(names),
    keepPrevious: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ slots, wanted, held, purge, postponed, keepPrevious }) => {
    const components = wanted.filter((placed) => placed !== null);
    const given = new Set(components.map(({ component }) => component));
    const isHeld = held.filter((name) => !given.has(name));
    return input(
      slots.filter((slot) => slot !== null),
      wantedOf(components, {
        held: isHeld.map((component) => ({ component, code: 'E_NOT_VOUCHED', message: '' })),
        purge,
        keepPrevious,
      }),
      new Map(postponed.map((name) => [name, { code: 'E_DISK_FULL', message: '' }])),
    );
  });

test('property: planning comes to rest, and then plans nothing', () => {
  fc.assert(
    fc.property(anyInput, (start) => {
      const { slots } = settle(start);
      assert.deepEqual(planSlots({ ...start, slots }).slots, []);
    }),
    { numRuns: 500 },
  );
});

test('property: at rest each component is as wanted, or waits and is as committed, or is gone', () => {
  fc.assert(
    fc.property(anyInput, (start) => {
      const { slots } = settle(start);
      const { waiting } = planSlots({ ...start, slots });
      const wanted = new Map((start.wanted?.components ?? []).map((placed) => [placed.component, placed]));
      for (const slot of slots.values()) {
        const assigned = wanted.get(slot.component);
        if (waiting.has(slot.component)) continue;
        if (assigned === undefined) assert.ok(!isOccupied(slot));
        else {
          assert.equal(slot.current, assigned.tree);
          assert.equal(slot.record?.installed?.package, assigned.package);
          assert.equal(slot.running === null, assigned.kind === 'files');
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('property: data goes only where direction purges and gives the component to nobody here', () => {
  fc.assert(
    fc.property(anyInput, (start) => {
      const { plans } = settle(start);
      const given = new Set(start.wanted?.components.map(({ component }) => component));
      for (const { component, steps } of plans) {
        if (!steps.some(({ kind }) => kind === 'purge')) continue;
        assert.ok(start.wanted?.purge.includes(component) && !given.has(component));
      }
    }),
    { numRuns: 500 },
  );
});

test('property: components come after what they name, removals first and the other way round', () => {
  fc.assert(
    fc.property(anyInput, (start) => {
      const plans = planSlots(start).slots;
      const place = new Map(plans.map(({ component }, index) => [component, index]));
      for (const { component, target } of plans) {
        for (const name of target?.after ?? []) {
          const other = plans.find((plan) => plan.component === name);
          if (other === undefined || other.target === null) continue;
          const wanted = start.wanted?.components.some((placed) => placed.component === name);
          const self = start.wanted?.components.find((placed) => placed.component === component);
          if (wanted && self?.after.includes(name))
            assert.ok((place.get(name) ?? 0) < (place.get(component) ?? 0));
        }
      }
      const removed = plans.filter(({ action }) => action === 'remove').map(({ component }) => component);
      for (const [index, component] of removed.entries()) {
        const after = start.slots.get(component)?.record?.installed?.after ?? [];
        for (const name of after) {
          const at = removed.indexOf(name);
          if (at >= 0) assert.ok(at > index, `${component} comes after ${name} and goes before it`);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('property: the steps of a plan stand in the order of stepKinds, and are of its kind', () => {
  fc.assert(
    fc.property(anyInput, (start) => {
      for (const { kind, steps } of settle(start).plans) {
        const places = steps.map((step) => stepKinds.indexOf(step.kind));
        const stops = steps.filter((step) => step.kind === 'stop').length;
        assert.ok(stops <= 1 || steps.length > 1);
        for (const [index, at] of places.entries()) {
          if (steps[index]?.kind === 'stop') continue;
          const before = places.slice(0, index).filter((_, i) => steps[i]?.kind !== 'stop');
          assert.ok(before.every((earlier) => earlier < at));
        }
        for (const step of steps) {
          assert.ok(step.kind === 'stop' || (stepsOfKind[kind] as readonly string[]).includes(step.kind));
        }
      }
    }),
    { numRuns: 300 },
  );
});
