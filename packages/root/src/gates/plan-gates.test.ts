import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeOf } from '@xylem/core';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { fakeHost } from '../testing/fake-host.ts';
import { publisher } from '../testing/publisher.ts';
import { receiver } from '../testing/receiver.ts';
import { rootFixture } from '../testing/root-fixture.ts';

/** Each demand of a plan closes its gate, and no other, in an environment whose policy does not. */
interface Case {
  readonly gate: string;
  readonly code: string;
  /** Of the plan file, as YAML. */
  readonly demand: string;
  readonly says: RegExp;
  /** What the environment's policy says. */
  readonly policy?: object;
}

const key =
  '-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\\n-----END PUBLIC KEY-----\\n';
const cases: readonly Case[] = [
  {
    gate: 'stage-order',
    code: 'E_STAGE_ORDER',
    demand: 'after: { stage: staging, soak: 24h }',
    says: /acme\/staging runs nothing of it/,
  },
  {
    gate: 'change-ticket',
    code: 'E_CHANGE_TICKET',
    demand: 'change: required',
    says: /CHG-1 is not approved yet: At noon\./,
  },
  {
    gate: 'health',
    code: 'E_UNHEALTHY',
    demand: 'health: { atLeast: 60% }',
    says: /1 of 2 hosts of acme\/health are well, and 2 \(60%\) are demanded/,
    policy: { health: { atLeast: '50%' } },
  },
  {
    gate: 'incidents',
    code: 'E_INCIDENT',
    demand: 'incidents: none',
    says: /acme\/incidents has incidents that are open: i-/,
    policy: { incidents: 'acknowledged' },
  },
  {
    gate: 'preflight',
    code: 'E_PLAN_PREFLIGHT',
    demand: 'preflight: required',
    says: /0 of 1 hosts passed, 1 have not answered yet/,
  },
  {
    gate: 'statements',
    code: 'E_EVIDENCE',
    demand: `provenance: { require: [{ predicateType: 'https://slsa.dev/provenance/v1', key: "${key}" }] }`,
    says: /demanded and missing: .*slsa\.dev/,
  },
];

test('each gate that a plan demands stops it alone, where the environment would let it begin', async (t) => {
  const root = await rootFixture(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { a: '1' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  await root.api('environmentCreate', {
    body: {
      name: 'acme/staging',
      yaml: 'environment: acme/staging\nstage: staging\nproducts: { shop: {} }\n',
    },
  });
  const keeper = await receiver(t);
  await root.api('changeSourceSet', { body: { url: keeper.url } });
  const answer = (state: string) =>
    keeper.answer((response) => response.end(JSON.stringify({ state, message: 'At noon.' })));
  const planned = (gate: string, demand: string) => {
    const yaml = `release: shop@1.0.0\nto: acme/${gate}\nchange: CHG-1\n${demand}`;
    return root.api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
  };
  const start = (id: string) => root.api('planStart', { params: { id }, body: {} });
  const waiting = [
    { component: null, code: 'E_DISK_FULL', message: 'The disk is full.', since: timeOf(Date.now()) },
  ];
  const plans = new Map<string, string>();
  for (const { gate, code, demand, says, policy = {} } of cases) {
    const name = `acme/${gate}`;
    const yaml = JSON.stringify({
      environment: name,
      stage: 'production',
      products: { shop: {} },
      policy: { after: 'none', ...policy },
    });
    await root.api('environmentCreate', { body: { name, yaml } });
    const { token } = await root.api('tokenCreate', { body: { environment: name, uses: 2 } });
    const host = await fakeHost(root, token, { name: 'web-1' });
    await host.report([], { knows: ['preflight'], ...(gate === 'incidents' ? { waiting } : {}) });
    if (gate === 'health') await fakeHost(root, token, { name: 'web-2' });
    if (gate === 'incidents') {
      const incident = await waitUntil(
        async () =>
          (await root.api('incidentList', { query: { environment: name } })).incidents[0]?.id ?? null,
        30_000,
      );
      await root.api('incidentAcknowledge', { params: { id: incident } });
    }
    answer('waiting');
    const free = await planned(gate, '');
    await root.api('planStart', { params: { id: free.id }, body: { dryRun: true } });
    const { id, stages } = await planned(gate, `gates: { ${demand} }\n`);
    plans.set(gate, id);
    const gates = stages[0]?.environments[0]?.found.gates ?? [];
    const closed = gates.filter(({ open }) => !open);
    assert.deepEqual(
      closed.map((one) => [one.gate, one.code]),
      [[gate, code]],
    );
    assert.match(closed[0]?.saw ?? '', new RegExp(` The plan ${id} demands that\\.$`));
    await assert.rejects(start(id), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return error.message.endsWith(`The plan ${id} demands that.`);
    });
    const { deployments } = await root.api('deploymentList', { query: { environment: name } });
    assert.deepEqual(deployments, [], gate);
  }

  answer('approved');
  const ticketed = await start(plans.get('change-ticket') ?? '');
  assert.equal(ticketed.deployments.length, 1, 'the ticket that only the plan demands was asked about again');

  answer('waiting');
  const yaml = `release: shop@1.0.0
change: CHG-2
stages:
  - to: acme/staging
  - { to: acme/statements, gates: { change: required } }
`;
  const { id } = await root.api('planCreateFile', { body: { yaml, file: 'plan.yaml' } });
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/staging' } });
  const host = await fakeHost(root, token, { name: 'web-1' });
  await start(id);
  const folder = await tempFolder(t, 'tuf');
  const waits = await waitUntil(async () => {
    await host.report((await host.desiredState(folder)).assignments);
    return (await root.api('planShow', { params: { id } })).stages[1]?.environments[0]?.waits ?? null;
  }, 60_000);
  assert.equal(waits.code, 'E_CHANGE_TICKET');
  assert.match(waits.reason, new RegExp(`CHG-2 is not approved yet: .* The plan ${id} demands that\\.$`));
});
