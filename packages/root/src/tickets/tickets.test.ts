import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { publisher } from '../testing/publisher.ts';
import { rootFixture } from '../testing/root-fixture.ts';

/** Who keeps tickets: answers as it is told, and keeps what it was asked. */
async function tickets(t: TestContext) {
  const asked: { readonly headers: Record<string, string>; readonly body: string }[] = [];
  let answer = {
    status: 200,
    body: JSON.stringify({ state: 'waiting', message: 'The board meets at noon.' }),
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => {
      asked.push({ headers: request.headers as Record<string, string>, body });
      if (answer.status === 0) return void request.socket.destroy();
      response.writeHead(answer.status, answer.status === 302 ? { location: '/approved' } : {});
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const says = (state: string, status = 200): void => {
    answer = { status, body: JSON.stringify({ state, message: `It is ${state}.` }) };
  };
  const hangsUp = (): void => {
    answer = { status: 0, body: '' };
  };
  return { asked, says, hangsUp, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/xylem` };
}

test('nothing begins without a ticket that is approved; a plan asks again before each environment', async (t) => {
  const root = await rootFixture(t);
  const keeper = await tickets(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const yaml = (name: string): string =>
    `environment: acme/${name}\nproducts:\n  shop: {}\npolicy: { change: required }\n`;
  for (const name of ['one', 'two'])
    await root.api('environmentCreate', { body: { name: `acme/${name}`, yaml: yaml(name) } });
  const deploy = (more: object = {}, environments = ['acme/one']) =>
    root.api('deploymentCreate', {
      body: { kind: 'deploy', product: 'shop', version: '1.0.0', environments, ...more },
    });
  const closed = (message: RegExp) => ({ code: 'E_CHANGE_TICKET', message });
  await assert.rejects(deploy(), closed(/A change ticket is demanded for acme\/one\. Name it/));
  const change = 'CHG-1';
  await assert.rejects(deploy({ change }), closed(/nobody is there to be asked about CHG-1/));
  const { secret } = await root.api('changeSourceSet', { body: { url: keeper.url } });

  await assert.rejects(deploy({ change }), closed(/CHG-1 is not approved yet: The board meets at noon\./));
  const [question] = keeper.asked;
  const { body = '', headers = {} } = question ?? {};
  assert.deepEqual(JSON.parse(body), {
    format: 'xylem-change-1',
    change,
    environment: 'acme/one',
    kind: 'deploy',
    product: 'shop',
    version: '1.0.0',
    plan: null,
  });
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  assert.equal(
    headers['webhook-signature'],
    `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
  );
  for (const [state, status, says] of [
    ['refused', 200, /CHG-1 was refused: It is refused\./],
    ['maybe', 200, /could not be had: .*something else than a state/],
    ['approved', 302, /could not be had: .* answered 302/],
    ['approved', 500, /could not be had: .* answered 500/],
  ] as const) {
    keeper.says(state, status);
    await assert.rejects(deploy({ change }), closed(says));
  }
  // Who can't be reached is not taken at their last word.
  keeper.says('approved');
  await deploy({ change, dryRun: true });
  const gone = await tickets(t);
  await root.api('changeSourceSet', { body: { url: 'http://127.0.0.1:9/' } });
  await assert.rejects(deploy({ change }), closed(/can't be reached/));
  await root.api('changeSourceSet', { body: { url: gone.url } });

  const plan = await root.api('planCreateFile', {
    body: {
      file: 'plan.yaml',
      yaml: `release: shop@1.0.0\nto: ['acme/*']\natOnce: 2\nchange: ${change}\n`,
    },
  });
  const gates = plan.stages[0]?.environments[0]?.found.gates.filter(({ open }) => !open);
  assert.deepEqual(
    gates?.map(({ gate }) => gate),
    ['change-ticket'],
  );
  gone.says('approved');
  const before = gone.asked.length;
  const started = await root.api('planStart', { params: { id: plan.id }, body: {} });
  assert.equal(started.deployments.length, 2);
  const about = gone.asked
    .slice(before)
    .map((one) => JSON.parse(one.body) as { environment: string; plan: { id: string } | null });
  assert.deepEqual(about.map(({ environment, plan: of }) => `${environment} ${of?.id}`).sort(), [
    `acme/one ${plan.id}`,
    `acme/two ${plan.id}`,
  ]);
  await root.api('changeSourceRemove', {});
  assert.equal((await root.api('changeSourceShow')).source, null);
});

test('who keeps tickets and does not answer is asked of few of many environments, and all of them say so', async (t) => {
  const root = await rootFixture(t);
  const keeper = await tickets(t);
  const shop = await publisher(t, root, 'shop');
  await shop.publish('shop-web', '1.0.0', { 'index.html': 'one' });
  await shop.release('1.0.0', { 'shop-web': '1.0.0' });
  const names = Array.from({ length: 20 }, (_, i) => `acme/e${i}`);
  for (const name of names)
    await root.api('environmentCreate', {
      body: { name, yaml: `environment: ${name}\nproducts:\n  shop: {}\npolicy: { change: required }\n` },
    });
  await root.api('changeSourceSet', { body: { url: keeper.url } });
  keeper.hangsUp();
  const plan = await root.api('planCreateFile', {
    body: { file: 'plan.yaml', yaml: "release: shop@1.0.0\nto: ['acme/*']\nchange: CHG-1\n" },
  });
  assert.ok(keeper.asked.length <= 8, `asked ${keeper.asked.length} times`);
  for (const { found } of plan.stages[0]?.environments ?? []) {
    const closed = found.gates.filter(({ open }) => !open);
    assert.deepEqual(
      closed.map(({ gate }) => gate),
      ['change-ticket'],
    );
    assert.match(closed[0]?.saw ?? '', /could not be had: .*can't be reached/);
  }
});
