import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configDigest } from '../direction/sealed.ts';
import { mappingOf } from '../environment/spec.ts';
import type { HostId } from '../ids.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import { parseEnvironmentYaml } from '../yaml/index.ts';
import { type Balancer, isSwitched, reportedGroups, trafficStanding } from './standing.ts';
import { servingIn, switchFault, withTraffic } from './traffic.ts';

const traffic = (more: object = {}) => ({
  component: 'edge',
  key: 'serving',
  label: 'color',
  groups: ['blue', 'green'],
  ...more,
});
const yaml = (products: object): string => JSON.stringify({ environment: 'acme/production', products });
const spec = (products: object) => parseEnvironmentYaml(yaml(products), 'env.yaml');

test('the group that was switched to serves, else the one in the YAML, else the first', () => {
  const plain = spec({ shop: { traffic: traffic() }, edges: { components: { edge: {} } } });
  assert.equal(servingIn(plain, 'shop', {}), 'blue');
  assert.equal(servingIn(plain, 'shop', { shop: 'green' }), 'green');
  assert.equal(servingIn(plain, 'shop', { shop: 'red' }), 'blue');
  assert.equal(servingIn(plain, 'edges', { edges: 'green' }), null);
  const written = spec({
    shop: { traffic: traffic(), components: { edge: { config: { serving: 'green' } } } },
  });
  assert.equal(servingIn(written, 'shop', {}), 'green');
  assert.equal(servingIn(written, 'shop', { shop: 'blue' }), 'blue');
});

test('it lies over the configuration of its component alone', () => {
  const both = spec({
    shop: { traffic: traffic() },
    edges: {
      components: { edge: { config: { serving: 'green', port: 80 } }, other: { config: { serving: 1 } } },
    },
  });
  const laid = withTraffic(both, { shop: 'blue' });
  const { edges, shop } = laid.products;
  assert.ok(edges !== undefined && shop !== undefined);
  assert.deepEqual(mappingOf(edges, 'edge')?.config, { serving: 'blue', port: 80 });
  assert.deepEqual(mappingOf(edges, 'other')?.config, { serving: 1 });
  assert.deepEqual(mappingOf(shop, 'edge')?.config, { serving: 'blue' });
  assert.deepEqual(mappingOf(shop, 'api')?.config, {});
});

for (const [why, products, message] of [
  [
    'one group twice',
    { shop: { traffic: traffic({ groups: ['blue', 'blue'] }) } },
    /groups: expected two different groups/,
  ],
  ['three groups', { shop: { traffic: traffic({ groups: ['a', 'b', 'c'] }) } }, /traffic\.groups/],
  ['an unknown key', { shop: { traffic: traffic({ colour: 'x' }) } }, /traffic\.colour/],
  [
    'a component that nothing maps',
    { shop: { traffic: traffic(), components: { api: {} } } },
    /traffic\.component: expected a component of this environment: no product maps edge/,
  ],
  [
    'two switches on one key',
    { shop: { traffic: traffic() }, blog: { traffic: traffic() } },
    /blog\.traffic\.key: expected another key: serving of edge is the switch of shop already/,
  ],
] as const) {
  test(`YAML with ${why} is refused`, () => {
    assert.throws(() => spec(products), { code: 'E_INPUT', message });
  });
}

test('a package is a switch if its key takes both groups', () => {
  const { products } = spec({ shop: { traffic: traffic() } });
  const wanted = products.shop?.traffic;
  assert.ok(wanted !== undefined);
  const fault = (document: Partial<PackageDocument>) =>
    switchFault({ component: 'edge', version: '1.0.0', ...document } as PackageDocument, wanted);
  const schema = (values: readonly string[]) => ({
    configSchema: { properties: { serving: { enum: [...values] } } },
  });
  assert.equal(fault(schema(['blue', 'green', 'none'])), null);
  assert.match(fault(schema(['blue'])) ?? '', /as an enum with blue and green/);
  assert.match(fault({ configSchema: { properties: { serving: { type: 'string' } } } }) ?? '', /enum/);
  assert.match(fault({ configSchema: {} }) ?? '', /enum/);
  assert.equal(fault({ configDefaults: { serving: 'blue' } }), null);
  assert.match(fault({}) ?? '', /knows none but its defaults/);
});

const digest = (serving: string) => configDigest({ port: 80, serving });
const balancer = (more: Partial<Balancer> = {}): Balancer => ({
  host: 'a'.repeat(32) as HostId,
  name: 'lb-1',
  given: { port: 80, serving: 'green' },
  reported: { config: digest('green'), direction: 7 },
  silent: false,
  heardMs: 1,
  why: null,
  ...more,
});
const switched = { key: 'serving', serving: 'green', number: 1, directed: 7 };
const hasApplied = (more: Partial<Balancer>, by: Partial<typeof switched> | { directed: null } = {}) =>
  isSwitched(trafficStanding({ ...switched, ...by }, [balancer(more)]));

test('a balancer has applied what it committed of a desired state that says it, and nothing else', () => {
  assert.equal(hasApplied({}), true);
  assert.equal(hasApplied({ silent: true }), true);
  assert.equal(hasApplied({ reported: { config: digest('blue'), direction: 7 } }), false);
  assert.equal(hasApplied({ reported: { config: null, direction: 9 } }), false);
  assert.equal(hasApplied({ reported: null }), false);
  assert.equal(hasApplied({ given: null }), false);
});

test('what a host had before it was switched away and back does not count until it has heard of it', () => {
  assert.equal(hasApplied({ reported: { config: digest('green'), direction: 6 } }), false);
  assert.equal(hasApplied({}, { directed: null }), false);
});

test('direction that does not say the switch yet is not what counts', () => {
  const before = { given: { port: 80, serving: 'blue' }, reported: { config: digest('blue'), direction: 9 } };
  assert.equal(hasApplied(before), false);
});

test('one that is behind is named with what it said, and no balancer at all is nothing switched', () => {
  const late = balancer({
    reported: { config: digest('blue'), direction: 7 },
    silent: true,
    why: 'E_WINDOW: …',
  });
  assert.deepEqual(trafficStanding(switched, [balancer(), late]), {
    serving: 'green',
    number: 1,
    applied: [late.host],
    behind: [
      {
        host: late.host,
        name: 'lb-1',
        reported: digest('blue'),
        silent: true,
        heardMs: 1,
        why: 'E_WINDOW: …',
      },
    ],
  });
  assert.equal(isSwitched(trafficStanding(switched, [])), false);
});

test('which balancers report which group is read from the configuration that each would have then', () => {
  const there = balancer({ name: 'lb-2', given: { port: 80, serving: 'blue' } });
  const here = balancer({ name: 'lb-1', reported: { config: digest('blue'), direction: 1 } });
  const unknown = [
    balancer({ reported: null }),
    balancer({ given: null }),
    balancer({ given: { port: 81 } }),
  ];
  const found = reportedGroups({ key: 'serving', groups: ['blue', 'green'] }, [there, here, ...unknown]);
  assert.deepEqual(
    [...found],
    [
      ['blue', [here]],
      ['green', [there]],
    ],
  );
});
