import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackageDocument } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

/*
 * Each case closes one gate and no other. Those that need more than a release and a policy stand with what they are
 * about: vouching (publishing), quarantine, schemas (migrations), transitions, health, stage order.
 */

interface Case {
  readonly gate: string;
  readonly code: string;
  readonly says: RegExp;
  readonly document?: Partial<PackageDocument>;
  readonly platform?: { readonly os: string; readonly arch: string };
  readonly policy?: object;
  /** Of what is asked for. */
  readonly wanted?: { readonly urgent: true; readonly reason: string; readonly passes: ['locks'] };
  /** Gates that are closed with it, for they can't be looked at without what it lacks. */
  readonly also?: readonly string[];
}

const key =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';
const cases: readonly Case[] = [
  {
    gate: 'statements',
    code: 'E_EVIDENCE',
    says: /slsa\.dev\/provenance/,
    policy: { provenance: { require: [{ predicateType: 'https://slsa.dev/provenance/v1', key }] } },
  },
  {
    gate: 'configuration',
    code: 'E_CONFIG_INVALID',
    says: /port/,
    document: {
      configSchema: { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } },
    },
    also: ['conflicts'],
  },
  {
    gate: 'conflicts',
    code: 'E_COMPONENT_CONFLICT',
    says: /port 4711 is claimed/,
    document: { ports: [4711] },
  },
  {
    gate: 'dependencies',
    code: 'E_DEPENDENCY',
    says: /shop-dependencies 1\.0\.0 needs queue \^2\.0\.0 \(for web-dependencies\), and there is none/,
    document: { requires: { queue: '^2.0.0' } },
  },
  { gate: 'variants', code: 'E_FACTS_UNSUPPORTED', says: /web-1/, platform: { os: 'plan9', arch: 'x64' } },
  { gate: 'approvals', code: 'E_APPROVAL_MISSING', says: /xylem plan/, policy: { fourEyes: true } },
  {
    gate: 'change-ticket',
    code: 'E_CHANGE_TICKET',
    says: /A change ticket is demanded for/,
    policy: { change: 'required' },
  },
  {
    gate: 'override',
    code: 'E_APPROVAL_MISSING',
    says: /locks of hosts.*another person/,
    wanted: { urgent: true, reason: 'A hole is open.', passes: ['locks'] },
  },
];

test('each gate alone stops a deployment, and preparation names it', async (t) => {
  const root = await rootFixture(t);
  const blog = await publisher(t, root, 'blog');
  await blog.publish('site', '1.0.0', { a: 'a' }, { document: { ports: [4711] } });
  await blog.release('1.0.0', { site: '1.0.0' });
  for (const { gate, code, says, document, platform, policy, also = [], ...one } of cases) {
    const shop = await publisher(t, root, `shop-${gate}`);
    const more = { ...(document && { document }), ...(platform && { platform }) };
    await shop.publish(`web-${gate}`, '1.0.0', { a: gate }, more);
    await shop.release('1.0.0', { [`web-${gate}`]: '1.0.0' });
    const name = `acme/${gate}`;
    const products = { blog: {}, [shop.product]: {} };
    const yaml = (rules: object | undefined) =>
      JSON.stringify({ environment: name, products, ...(rules && { policy: rules }) });
    await root.api('environmentCreate', { body: { name, yaml: yaml(undefined) } });
    const { token } = await root.api('tokenCreate', { body: { environment: name } });
    const host = await fakeHost(root, token, { name: 'web-1' });
    const blogged = { kind: 'deploy' as const, product: 'blog', version: '1.0.0', environments: [name] };
    await root.api('deploymentCreate', { body: blogged });
    const { assignments } = await host.desiredState(await tempFolder(t, 'tuf'));
    await host.report(assignments, {
      facts: { os: 'linux', osVersion: '6', arch: 'x64', node: '26', cores: 1, memoryBytes: 1 },
    });
    const params = { tenant: 'acme', environment: gate };
    const { version: baseVersion } = await root.api('environmentYaml', { params });
    await root.api('environmentYamlPut', { params, body: { baseVersion, yaml: yaml(policy) } });

    const wanted = { ...blogged, product: shop.product, ...one.wanted };
    await assert.rejects(root.api('deploymentCreate', { body: wanted }), { code, message: says }, gate);
    const plan = await root.api('planCreate', { body: wanted });
    const gates = plan.stages[0]?.environments[0]?.found.gates ?? [];
    const closed = gates.filter(({ open }) => !open);
    assert.deepEqual(closed.map(({ gate: name }) => name).toSorted(), [gate, ...also].toSorted());
    assert.equal(closed.find(({ gate: name }) => name === gate)?.code, code);
    assert.ok(gates.some(({ open }) => open));
    const { deployments } = await root.api('deploymentList', {
      query: { environment: name, product: shop.product },
    });
    assert.deepEqual(deployments, []);
  }
});
