/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Deployment } from '../deployment/index.ts';
import { assignmentsFor, cohortHash, everyone, nobody } from '../direction/index.ts';
import type { Digest, HostId } from '../ids.ts';
import { parseSelector, selects } from '../selector/index.ts';
import type { DesiredState } from '../wire/desired-state.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import type { Release } from '../wire/release.ts';
import {
  conflictsIn,
  desiredAssignments,
  type EnvironmentSpec,
  type KnownRelease,
  mayOverlap,
  refuseConflicts,
} from './index.ts';
import { defaultPolicy, everywhere } from './spec.ts';

const digest = (text: string): Digest => createHash('sha256').update(text).digest('hex') as Digest;
const hosts = Array.from({ length: 12 }, (_, n) => digest(`h${n}`).slice(0, 32) as HostId);
const salt = 'c2FsdHNhbHQ';

function release(product: string, version: string, ...components: [string, ...string[]][]): KnownRelease {
  const packages = components
    .map(([component, ...after]) => ({
      component,
      version,
      package: digest(`${component} ${version}`),
      after,
    }))
    .sort((a, b) => (a.component < b.component ? -1 : 1));
  return {
    digest: digest(`${product} ${version}`),
    release: { product, version, packages } as unknown as Release,
  };
}
const deployment = (
  kind: Deployment['kind'],
  threshold: string,
  more: Partial<Deployment> = {},
): Deployment =>
  ({ id: 'd1', kind, salt, threshold, strategy: { kind: 'all-at-once' }, ...more }) as Deployment;
const spec = (products: EnvironmentSpec['products']): EnvironmentSpec => ({
  name: 'acme/production',
  products,
  policy: defaultPolicy,
});
const what = (
  spec: EnvironmentSpec,
  directions: Parameters<typeof desiredAssignments>[1],
  host: HostId,
  labels = {},
) =>
  assignmentsFor({ assignments: desiredAssignments(spec, directions) } as unknown as DesiredState, host, {
    labels,
  }).assignments.map(({ component, version }) => `${component} ${version}`);

const old = release('shop', '1.0.0', ['api', 'db'], ['db'], ['old']);
const next = release('shop', '2.0.0', ['api', 'db'], ['db'], ['web', 'api']);
const half = cohortHash(
  salt,
  hosts.toSorted((a, b) => (cohortHash(salt, a) < cohortHash(salt, b) ? -1 : 1))[5] as HostId,
);

test('without a deployment every host runs the settled release, in order', () => {
  const directions = [{ product: 'shop', settled: old, deployments: [] }];
  assert.deepEqual(what(spec({ shop: {} }), directions, hosts[0]!), ['db 1.0.0', 'api 1.0.0', 'old 1.0.0']);
  assert.deepEqual(what(spec({}), directions, hosts[0]!), []);
  assert.deepEqual(what(spec({ shop: {} }), [], hosts[0]!), []);
});

test('in a deployment the admitted run the new release and the others the former', () => {
  const directions = [
    {
      product: 'shop',
      settled: old,
      deployments: [{ deployment: deployment('deploy', half), release: next }],
    },
  ];
  const seen = new Set<string>();
  for (const host of hosts) {
    const admitted = cohortHash(salt, host) <= half;
    const found = what(spec({ shop: {} }), directions, host).join(', ');
    seen.add(found);
    // What the new release no longer has stays until the deployment has succeeded.
    assert.equal(
      found,
      admitted ? 'db 2.0.0, api 2.0.0, old 1.0.0, web 2.0.0' : 'db 1.0.0, api 1.0.0, old 1.0.0',
    );
  }
  assert.equal(seen.size, 2);
});

test('a superseded deployment keeps what it brought until the newer one takes it over', () => {
  const third = release('shop', '3.0.0', ['api'], ['db']);
  const first = { deployment: deployment('deploy', half), release: next };
  const second = {
    deployment: deployment('deploy', nobody, { id: 'd2' as Deployment['id'] }),
    release: third,
  };
  const directions = [{ product: 'shop', settled: old, deployments: [second, first] }];
  for (const host of hosts) {
    const admitted = cohortHash(salt, host) <= half;
    assert.ok(what(spec({ shop: {} }), directions, host).includes(admitted ? 'api 2.0.0' : 'api 1.0.0'));
  }
  const done = [
    {
      product: 'shop',
      settled: old,
      deployments: [{ ...second, deployment: deployment('deploy', everyone) }, first],
    },
  ];
  for (const host of hosts) assert.ok(what(spec({ shop: {} }), done, host).includes('api 3.0.0'));
});

test('an undeploy takes it away from those above its threshold', () => {
  const at = (threshold: string) => [
    {
      product: 'shop',
      settled: old,
      deployments: [{ deployment: deployment('undeploy', threshold), release: null }],
    },
  ];
  assert.equal(what(spec({ shop: {} }), at(everyone), hosts[0]!).length, 3);
  for (const host of hosts) {
    assert.equal(what(spec({ shop: {} }), at(half), host).length, cohortHash(salt, host) <= half ? 3 : 0);
    assert.deepEqual(what(spec({ shop: {} }), at(nobody), host), []);
  }
});

test('the bake of a deployment that is judged reaches the assignments that it brings', () => {
  const bakes = (strategy: Deployment['strategy'], kind: Deployment['kind'] = 'deploy') =>
    desiredAssignments(spec({ shop: {} }), [
      {
        product: 'shop',
        settled: old,
        deployments: [{ deployment: deployment(kind, half, { strategy }), release: next }],
      },
    ]).map(({ version, bakeSeconds }) => `${version}: ${bakeSeconds ?? 'none'}`);
  const judged = { kind: 'rolling', maxUnavailable: 1, bakeSeconds: 1800 } as const;
  assert.deepEqual([...new Set(bakes(judged))].sort(), ['1.0.0: none', '2.0.0: 1800']);
  assert.deepEqual([...new Set(bakes({ kind: 'all-at-once' }))].sort(), ['1.0.0: none', '2.0.0: none']);
  assert.ok(bakes(judged, 'rollback').every((one) => one.endsWith('none')));
});

test('selectors, configuration and order of the YAML reach the assignments', () => {
  const components = { api: { where: 'role = web', config: { port: 1 }, after: ['queue'] } };
  const directions = [
    { product: 'shop', settled: old, deployments: [] },
    { product: 'bus', settled: release('bus', '1.0.0', ['queue']), deployments: [] },
  ];
  const both = spec({ shop: { components }, bus: {} });
  const assignments = desiredAssignments(both, directions);
  assert.deepEqual(
    assignments.map(({ component }) => component),
    ['queue', 'api'],
  );
  assert.deepEqual(assignments[1], {
    component: 'api',
    product: 'shop',
    release: old.digest,
    package: digest('api 1.0.0'),
    version: '1.0.0',
    where: 'role = web',
    config: { port: 1 },
    after: ['db', 'queue'],
  });
  assert.deepEqual(what(both, directions, hosts[0]!, { role: 'web' }), ['queue 1.0.0', 'api 1.0.0']);
});

test('the first layer of a component stays first, even where two releases order the components the other way round', () => {
  const before = release('shop', '1.0.0', ['a'], ['b', 'a']);
  const after = release('shop', '2.0.0', ['a', 'b'], ['b']);
  const directions = [
    {
      product: 'shop',
      settled: before,
      deployments: [{ deployment: deployment('deploy', everyone), release: after }],
    },
  ];
  assert.deepEqual(what(spec({ shop: {} }), directions, hosts[0]!), ['b 2.0.0', 'a 2.0.0']);
});

const document = (product: string, component: string, more: Partial<PackageDocument> = {}): PackageDocument =>
  ({ product, component, ...more }) as PackageDocument;
const where = (selector: string, config = {}) => ({ ...everywhere, where: selector, config });

test('two products that claim one component, or one port on the same hosts, are refused', () => {
  const both = (a: string, b: string, config = {}) =>
    spec({ shop: { components: { api: where(a, config) } }, blog: { components: { web: where(b) } } });
  const packages = [
    document('shop', 'api', { ports: ['${config.port}'], configDefaults: { port: 80 } }),
    document('blog', 'web', { ports: [80, 443] }),
  ];
  assert.deepEqual(conflictsIn(both('role = api', 'role = web'), packages), []);
  assert.deepEqual(conflictsIn(both('all', 'role = web', { port: 81 }), packages), []);
  const [conflict] = conflictsIn(both('site = muc', 'role = web'), packages);
  assert.deepEqual([conflict?.what, conflict?.value], ['port', '80']);
  assert.throws(() => refuseConflicts(both('all', 'all'), packages), {
    code: 'E_COMPONENT_CONFLICT',
    message:
      'In acme/production the port 80 is claimed by api of shop (where: all) and by web of blog (where: all).',
  });
  const same = spec({
    shop: { components: { api: where('role = a') } },
    blog: { components: { api: where('role = b') } },
  });
  assert.throws(() => refuseConflicts(same, [document('shop', 'api'), document('blog', 'api')]), {
    message: /component api is claimed/,
  });
  assert.deepEqual(
    conflictsIn(spec({ shop: {} }), [
      document('shop', 'api', { ports: [1] }),
      document('shop', 'api', { ports: [1] }),
    ]),
    [],
    'two versions of one component',
  );
});

test('two that place a file at one path, or inside of one, are refused where one host could have both', () => {
  const both = (a: string, b: string) =>
    spec({ shop: { components: { api: where(a) } }, blog: { components: { web: where(b) } } });
  const placing = (product: string, component: string, ...to: string[]) =>
    document(product, component, { files: { install: to.map((path) => ({ from: 'a', to: path })) } });
  const clashing = [placing('shop', 'api', '/etc/a', '/etc/b'), placing('blog', 'web', '/etc/b/c')];
  assert.deepEqual(conflictsIn(both('role = api', 'role = web'), clashing), []);
  const [conflict] = conflictsIn(both('all', 'role = web'), clashing);
  assert.deepEqual([conflict?.what, conflict?.value], ['path', '/etc/b']);
  const own = '${data}/a';
  const apart = [placing('shop', 'api', '/etc/a', own), placing('blog', 'web', '/etc/ab', own)];
  assert.deepEqual(conflictsIn(both('all', 'all'), apart), [], 'each has a data folder of its own');
});

test('selectors that exclude each other are known to', () => {
  for (const [a, b, overlap] of [
    ['role = web', 'role = db', false],
    ['role = web', 'role != web', false],
    ['role = web', 'site = muc', true],
    ['role in (a, b)', 'role in (c)', false],
    ['role in (a, b)', 'role in (b, c)', true],
    ['role = web', 'not role exists', false],
    ['role = web-1', 'role ~ db-*', false],
    ['role = a or role = b', 'not (role = a or role = b)', false],
    ['not all', 'all', false],
    ['role ~ a*', 'role ~ b*', true],
  ] as const) {
    assert.equal(mayOverlap(parseSelector(a), parseSelector(b)), overlap, `${a} / ${b}`);
  }
});

test('where it says that two selectors exclude each other, no host is selected by both', () => {
  const key = fc.constantFrom('role', 'site');
  const value = fc.constantFrom('a', 'b', 'ab');
  const condition = fc.oneof(
    fc.tuple(key, fc.constantFrom('=', '!='), value).map((parts) => parts.join(' ')),
    fc.tuple(key, fc.constantFrom('a*', '?', '*b')).map(([k, v]) => `${k} ~ ${v}`),
    fc.tuple(key, fc.uniqueArray(value, { minLength: 1 })).map(([k, v]) => `${k} in (${v.join(', ')})`),
    key.map((k) => `${k} exists`),
  );
  const { selector } = fc.letrec<{ selector: string }>((tie) => ({
    selector: fc.oneof(
      { maxDepth: 3 },
      condition,
      fc
        .tuple(tie('selector'), fc.constantFrom('and', 'or'), tie('selector'))
        .map((parts) => `(${parts.join(' ')})`),
      tie('selector').map((inner) => `not (${inner})`),
    ),
  }));
  const values = [undefined, 'a', 'b', 'ab', 'c'];
  const all = values.flatMap((role) =>
    values.map((site) => ({
      id: 'x',
      labels: { ...(role && { role }), ...(site && { site }) } as Record<string, string>,
    })),
  );
  let disjoint = 0;
  fc.assert(
    fc.property(selector, selector, (a, b) => {
      const [first, second] = [parseSelector(a), parseSelector(b)];
      if (mayOverlap(first, second)) return;
      disjoint += 1;
      assert.ok(!all.some((host) => selects(first, host) && selects(second, host)));
    }),
    { numRuns: 1000 },
  );
  assert.ok(disjoint > 50);
});
