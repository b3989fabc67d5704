import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inRange, type Version } from '../versions.ts';
import {
  adviceText,
  type Coming,
  dependencyGraph,
  type KnownOptions,
  type Outcome,
  type PlacedComponent,
  pathText,
  whatItTakes,
} from './index.ts';

type Part = readonly [component: string, version: string, requires?: Record<string, string>, where?: string];

const parts = (product: string, release: string, ...list: Part[]): PlacedComponent[] =>
  list.map(([component, version, requires = {}, where = 'all']) => ({
    product,
    release: release as Version,
    component,
    version: version as Version,
    where,
    requires,
  }));
const coming = (product: string, release: string, ...list: Part[]): Coming => ({
  product,
  release: release as Version,
  components: parts(product, release, ...list),
});
/** As who reads it from a database: only what is asked for. */
function decide(before: PlacedComponent[], next: Coming, all: readonly Coming[] = []) {
  const releases = new Map<string, Coming[]>();
  const products = new Map<string, string[]>();
  const asked: string[] = [];
  for (;;) {
    const known: KnownOptions = { releases, products };
    const said = whatItTakes(before, next, known);
    if (said.kind !== 'asks') return { outcome: said, asked };
    if ('releasesOf' in said) {
      asked.push(said.releasesOf);
      releases.set(
        said.releasesOf,
        all.filter(({ product }) => product === said.releasesOf),
      );
    } else {
      asked.push(said.productsWith);
      const having = all.filter(({ components }) =>
        components.some(({ component }) => component === said.productsWith),
      );
      products.set(said.productsWith, [...new Set(having.map(({ product }) => product))]);
    }
  }
}
const moves = (outcome: Outcome): string[] =>
  'moves' in outcome ? outcome.moves.map(({ product, from, to }) => `${product} ${from} -> ${to}`) : [];
const said = (before: PlacedComponent[], next: Coming, outcome: Outcome): string =>
  'broken' in outcome ? pathText(before, next, outcome) : '';

const before = [
  ...parts('shop', '2.3.0', ['web', '2.3.0', { libpay: '^2' }]),
  ...parts('libpay', '2.9.0', ['libpay', '2.9.0']),
  ...parts('pay', '1.2.0', ['billing', '1.2.0', { libpay: '<3' }]),
];
const shop = coming('shop', '2.4.0', ['web', '2.4.0', { libpay: '^3' }]);
const libpay3 = coming('libpay', '3.1.0', ['libpay', '3.1.0']);

test('a release that drags what another component can not do with is refused with the path', () => {
  const { outcome } = decide(before, shop, [libpay3]);
  assert.equal(outcome.kind, 'conflict');
  assert.equal(
    said(before, shop, outcome),
    'shop 2.4.0 needs libpay ^3 (for web) → libpay 3.1.0 breaks billing 1.2.0, which needs libpay <3',
  );
  assert.match(adviceText(before, shop, outcome) ?? '', /publish one/);
});

test('what an upgrade drags along comes in an order that breaks nothing on the way', () => {
  const both = coming('pay', '1.5.0', ['billing', '1.5.0', { libpay: '2 || 3' }]);
  // The newest demands a library that is not there, and is passed over.
  const newest = coming('pay', '2.0.0', ['billing', '2.0.0', { ledger: '^1' }]);
  const keepsOld = coming('shop', '2.3.5', ['web', '2.3.5', { libpay: '2 || 3' }]);
  const { outcome } = decide(before, shop, [libpay3, newest, both]);
  // The shop of before needs libpay 2, the one that comes needs 3: there is no step between them.
  assert.equal(outcome.kind, 'together');
  assert.deepEqual(moves(outcome).sort(), ['libpay 2.9.0 -> 3.1.0', 'pay 1.2.0 -> 1.5.0']);
  const bridge = before.map((one) => (one.product === 'shop' ? keepsOld.components[0]! : one));
  const next = decide(bridge, shop, [libpay3, newest, both]);
  assert.deepEqual(
    [next.outcome.kind, moves(next.outcome)],
    ['drags', ['pay 1.2.0 -> 1.5.0', 'libpay 2.9.0 -> 3.1.0']],
  );
  assert.equal(adviceText(bridge, shop, next.outcome), 'Deploy first: pay@1.5.0, then libpay@3.1.0.');
  assert.deepEqual(next.asked, ['libpay', 'pay', 'ledger']);
});

test('a component of its own that breaks another is told with who asks for it', () => {
  const whole = coming('shop', '2.4.0', ['web', '2.4.0', { libpay: '^3' }], ['libpay', '3.1.0']);
  const was = [
    ...parts('shop', '2.3.0', ['web', '2.3.0', { libpay: '^2' }], ['libpay', '2.9.0']),
    ...parts('pay', '1.2.0', ['billing', '1.2.0', { libpay: '<3' }]),
  ];
  const { outcome } = decide(was, whole);
  assert.equal(
    said(was, whole, outcome),
    'shop 2.4.0 needs libpay ^3 (for web) → libpay 3.1.0 breaks billing 1.2.0, which needs libpay <3',
  );
  const without = coming('shop', '2.5.0', ['web', '2.5.0']);
  assert.equal(
    said(was, without, decide(was, without).outcome),
    'shop 2.5.0 → billing 1.2.0 needs libpay <3, and there would be none',
  );
  const gone: Coming = { product: 'shop', release: null, components: [] };
  assert.equal(
    said(was, gone, decide(was, gone).outcome),
    'billing 1.2.0 needs libpay <3, and there would be none',
  );
});

test('what runs on no host with it does not meet a need, and what was broken before holds up nobody', () => {
  const apart = [
    ...parts('libpay', '3.1.0', ['libpay', '3.1.0', {}, 'role = db']),
    ...parts('old', '1.0.0', ['old', '1.0.0', { queue: '^1' }]),
  ];
  const web = coming('shop', '2.4.0', ['web', '2.4.0', { libpay: '^3' }, 'role = web']);
  const { outcome } = decide(apart, web);
  assert.match(
    said(apart, web, outcome),
    /on no host with it \(web: where role = web; libpay: where role = db\)/,
  );
  const fine = coming('shop', '2.4.0', ['web', '2.4.0', { libpay: '^3' }, 'site = muc']);
  assert.equal(decide(apart, fine).outcome.kind, 'fits');
  const queue = coming('queue', '2.0.0', ['queue', '2.0.0']);
  assert.equal(decide(apart, queue).outcome.kind, 'fits');
});

test('while a product is between two releases, either may meet a need, and both may break', () => {
  const between = [...parts('libpay', '2.9.0', ['libpay', '2.9.0']), ...libpay3.components];
  assert.equal(decide(between, shop).outcome.kind, 'fits');
  const older = [...before, ...parts('pay', '1.5.0', ['billing', '1.5.0', { libpay: '2 || 3' }])];
  assert.equal(decide(older, libpay3).outcome.kind, 'conflict');
});

test('cycles end, in the graph and in the search', () => {
  const ring = [
    ...parts('a', '1.0.0', ['a', '1.0.0', { b: '^1' }]),
    ...parts('b', '1.0.0', ['b', '1.0.0', { c: '^1' }]),
    ...parts('c', '1.0.0', ['c', '1.0.0', { a: '^1' }]),
    ...parts('d', '1.0.0', ['d', '1.0.0']),
  ];
  const names = (product: string) =>
    dependencyGraph(ring, product)
      .components.map(({ component }) => component)
      .sort();
  assert.deepEqual(names('a'), ['a', 'b', 'c']);
  assert.deepEqual(names('d'), ['d']);
  assert.equal(dependencyGraph(ring, 'b').needs.length, 3);
  const two = (name: string, needs: string) => coming(name, '2.0.0', [name, '2.0.0', { [needs]: '^2' }]);
  const { outcome } = decide(ring, two('a', 'b'), [two('b', 'c'), two('c', 'a')]);
  assert.equal(outcome.kind, 'together');
});

test('a graph holds what a product needs and what needs it, and not what those need besides', () => {
  const all = [
    ...before,
    ...parts('log', '1.0.0', ['log', '1.0.0']),
    ...parts('desk', '1.0.0', ['desk', '1.0.0', { billing: '^1', log: '^1' }]),
  ];
  const graph = dependencyGraph(all, 'libpay');
  assert.deepEqual(
    graph.components.map(({ component }) => component),
    ['libpay', 'web', 'billing', 'desk'],
  );
  assert.deepEqual(
    graph.needs.map(({ by, component, met }) => `${by.component} ${component} ${met}`),
    ['web libpay true', 'billing libpay true', 'desk billing true'],
  );
  const lost = dependencyGraph(parts('x', '1.0.0', ['x', '1.0.0', { y: '^1' }]), 'x');
  assert.deepEqual(lost.needs[0]?.met, false);
});

test('a thousand components, and a search without an end in sight, come to an answer', () => {
  const many = Array.from({ length: 1000 }, (_, n) =>
    parts(`p${n}`, '1.0.0', [`p${n}`, '1.0.0', n === 0 ? {} : { [`p${n - 1}`]: '^1', p0: '^1' }]),
  ).flat();
  assert.equal(dependencyGraph(many, 'p500').components.length, 1000);
  const next = coming('p0', '2.0.0', ['p0', '2.0.0']);
  const options = many.flatMap(({ product, requires }) =>
    Array.from({ length: 5 }, (_, n) =>
      coming(product, `2.${n}.0`, [product, `2.${n}.0`, { ...requires, p0: n === 0 ? '^2' : '^3' }]),
    ),
  );
  const { outcome } = decide(many, next, options);
  assert.ok(outcome.kind === 'unknown' || outcome.kind === 'conflict', outcome.kind);
});

test('after what it drags along every need is met that was met before', () => {
  const names = ['a', 'b', 'c', 'd'];
  const version = fc.constantFrom('1.0.0', '2.0.0', '3.0.0');
  const range = fc.constantFrom('^1', '^2', '^3', '>=2', '<3', '*');
  const requires = fc.dictionary(fc.constantFrom(...names), range, { maxKeys: 2 });
  const release = fc.tuple(fc.constantFrom(...names), version, requires).map(([name, at, needs]) => {
    const { [name]: _own, ...others } = needs;
    return coming(name, at, [name, at, others]);
  });
  const start = fc
    .uniqueArray(release, { selector: ({ product }) => product, maxLength: 4 })
    .map((list) => list.flatMap(({ components }) => components));
  const releases = fc.uniqueArray(release, {
    selector: ({ product, release: at }) => `${product} ${at}`,
    maxLength: 12,
  });
  const met = (all: readonly PlacedComponent[], by: PlacedComponent): boolean =>
    Object.entries(by.requires).every(([component, wanted]) =>
      all.some((one) => one.component === component && inRange(one.version, wanted)),
    );
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(start, release, releases, (was, next, all) => {
      const { outcome } = decide(was, next, all);
      kinds.set(outcome.kind, (kinds.get(outcome.kind) ?? 0) + 1);
      if (outcome.kind !== 'drags') return;
      let now = was;
      for (const step of [...outcome.moves, null]) {
        const option =
          step === null
            ? next
            : all.find(({ product, release: at }) => product === step.product && at === step.to)!;
        const healthy = now.filter((one) => met(now, one));
        now = [...now.filter(({ product }) => product !== option.product), ...option.components];
        for (const one of now) {
          const stays = was.includes(one);
          if (step === null && !stays) assert.ok(met(now, one), 'what comes has all it needs');
          if (stays && healthy.includes(one)) assert.ok(met(now, one), 'nothing that stays is broken');
        }
      }
    }),
    { numRuns: 2000 },
  );
  for (const kind of ['fits', 'drags', 'conflict']) assert.ok((kinds.get(kind) ?? 0) > 20, kind);
});
