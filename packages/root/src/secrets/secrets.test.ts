import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EnvironmentId, RecipientStatement } from '@xylem/core';
import {
  type AgeIdentity,
  generateAgeIdentity,
  generateKey,
  sealValue,
  stateRecipient,
  wrapDataKey,
} from '@xylem/trust';
import type { Secrets } from '../api/schemas/index.ts';
import { ApiProblem } from '../testing/api-client.ts';
import { type FakeHost, fakeHost } from '../testing/fake-host.ts';
import { type RootFixture, rootFixture } from '../testing/root-fixture.ts';

const params = { tenant: 'acme', environment: 'production' };
const refused = (code: string) => (error: unknown) => error instanceof ApiProblem && error.code === code;
const nothing = { set: [], remove: [], wraps: [] };

class Site {
  readonly root: RootFixture;
  readonly environment: EnvironmentId;
  readonly own = new Map<string, AgeIdentity>();

  constructor(root: RootFixture, environment: string) {
    this.root = root;
    this.environment = environment as EnvironmentId;
  }

  static async create(t: TestContext): Promise<Site> {
    const root = await rootFixture(t);
    const { id } = await root.api('environmentCreate', { body: { name: 'acme/production' } });
    return new Site(root, id);
  }

  async host(
    name: string,
    by?: (host: FakeHost, recipient: string) => RecipientStatement,
  ): Promise<FakeHost> {
    const { token } = await this.root.api('tokenCreate', { body: { environment: 'acme/production' } });
    const host = await fakeHost(this.root, token, { name });
    const age = generateAgeIdentity();
    this.own.set(host.id, age);
    const place = { host: host.id, environment: this.environment };
    const secrets = by?.(host, age.recipient) ?? stateRecipient(place, age.recipient, host.key);
    assert.equal(await host.report([], { secrets }), 202);
    return host;
  }

  show = (): Promise<Secrets> => this.root.api('secretsShow', { params });
  change = (body: object): Promise<Secrets> =>
    this.root.api('secretsChange', { params, body: body as never });

  async sealed(data: AgeIdentity, generation: number, key = 'password', version = 'a'.repeat(32)) {
    const place = { environment: this.environment, component: 'shop-api', key };
    const sealed = await sealValue(place, 'CANARY', { generation, version, holder: 'anna' }, data.recipient);
    return { component: 'shop-api', key, sealed };
  }

  async wrap(data: AgeIdentity, generation: number, host: FakeHost) {
    const recipient = this.own.get(host.id)?.recipient ?? '';
    const place = { environment: this.environment, generation, host: host.id };
    return { host: host.id, generation, recipient, age: await wrapDataKey(place, data, recipient) };
  }
}

const generation = (number: number, { recipient }: AgeIdentity) => ({ number, recipient, holder: 'anna' });

test('values are taken, directed with their keys, and nobody who was removed gets the next one', async (t) => {
  const site = await Site.create(t);
  const [one, two] = [await site.host('web-1'), await site.host('web-2')];
  const data = generateAgeIdentity();
  const first = await site.change({
    revision: 0,
    generation: generation(1, data),
    set: [await site.sealed(data, 1)],
    remove: [],
    wraps: [await site.wrap(data, 1, one), await site.wrap(data, 1, two)],
  });
  assert.equal(first.revision, 1);
  assert.deepEqual(
    first.hosts.map(({ wrapped }) => wrapped),
    [true, true],
  );
  const late = await site.host('web-3');
  assert.equal((await site.show()).hosts.find(({ id }) => id === late.id)?.wrapped, false);
  await assert.rejects(site.change({ revision: 0, ...nothing }), refused('E_CONFLICT'));

  await site.root.api('hostRetire', { body: { select: { hosts: [two.id] } } });
  const flagged = await site.show();
  assert.deepEqual(flagged.removed, ['web-2']);
  const next = generateAgeIdentity();
  await assert.rejects(
    site.change({ revision: 1, ...nothing, generation: generation(2, next) }),
    refused('E_INPUT'),
    'a generation without the values would leave them behind',
  );
  await assert.rejects(
    site.change({
      revision: 1,
      generation: generation(2, next),
      set: [await site.sealed(next, 2)],
      remove: [],
      wraps: [await site.wrap(next, 2, two)],
    }),
    refused('E_CONFLICT'),
  );
  assert.equal((await site.show()).revision, 1, 'what was refused left nothing behind');
  const rotated = await site.change({
    revision: 1,
    generation: generation(2, next),
    set: [await site.sealed(next, 2)],
    remove: [],
    wraps: [await site.wrap(next, 2, one)],
  });
  assert.deepEqual(rotated.removed, []);
  assert.deepEqual(rotated.values[0]?.exposedTo, ['web-2'], 'it knows the value still');
  const renewed = await site.change({
    revision: 2,
    ...nothing,
    set: [await site.sealed(next, 2, 'password', 'b'.repeat(32))],
  });
  assert.deepEqual(renewed.values[0]?.exposedTo, [], 'another value is known to nobody who is gone');
  const removed = await site.change({
    revision: 3,
    ...nothing,
    remove: [{ component: 'shop-api', key: 'password' }],
  });
  assert.deepEqual(removed.values, []);
});

test('nothing is wrapped for a recipient that the host itself did not name', async (t) => {
  const site = await Site.create(t);
  const data = generateAgeIdentity();
  const forged = await site.host('forged', (host, recipient) =>
    stateRecipient({ host: host.id, environment: site.environment }, recipient, generateKey()),
  );
  const honest = await site.host('honest');
  const begin = { revision: 0, generation: generation(1, data), set: [], remove: [] };
  await assert.rejects(
    site.change({ ...begin, wraps: [await site.wrap(data, 1, forged)] }),
    refused('E_SECRET_INVALID'),
  );
  const wrap = await site.wrap(data, 1, honest);
  const other = { ...wrap, recipient: generateAgeIdentity().recipient };
  await assert.rejects(site.change({ ...begin, wraps: [other] }), refused('E_CONFLICT'));
  await assert.rejects(site.change({ ...begin, wraps: [{ ...wrap, generation: 2 }] }), refused('E_CONFLICT'));
  assert.equal((await site.change({ ...begin, wraps: [wrap] })).revision, 1);
});
