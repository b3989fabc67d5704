import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { lookUpHost } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { buildRenewRequest, type Peer, peerOfCertificate } from '@xylem/trust';
import { fakeHost } from '../testing/fake-host.ts';
import { rootFixture } from '../testing/root-fixture.ts';

test('a relay serves its own environment, those that its token names, or all', async (t) => {
  const root = await rootFixture(t);
  const ids: string[] = [];
  for (const name of ['acme/production', 'acme/staging', 'other/production']) {
    ids.push((await root.api('environmentCreate', { body: { name } })).id);
  }
  const [production = '', staging = ''] = ids;
  const serves = async (body: { serve?: boolean; serves?: string[] }): Promise<Peer['serves']> => {
    const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production', ...body } });
    const { answer } = await fakeHost(root, token, { name: 'relay', serve: body.serve === true });
    const peer = peerOfCertificate(new X509Certificate(answer.certificate), {
      caPem: answer.ca,
      clock: systemClock,
      graceMs: 0,
    });
    return peer?.serves ?? null;
  };
  assert.deepEqual(await serves({}), null);
  assert.deepEqual(await serves({ serve: true }), [production]);
  assert.deepEqual(await serves({ serve: true, serves: ['acme/*', 'nobody/yet'] }), [production, staging]);
  assert.deepEqual(await serves({ serve: true, serves: ['*'] }), '*');
  await assert.rejects(serves({ serves: ['acme/*'] }), { code: 'E_INPUT' });
});

test('a host becomes a relay and a plain host again by its entry and its next certificate', async (t) => {
  const root = await rootFixture(t);
  const ids: string[] = [];
  for (const name of ['acme/production', 'acme/staging']) {
    ids.push((await root.api('environmentCreate', { body: { name } })).id);
  }
  const [production, staging] = ids;
  const { token } = await root.api('tokenCreate', { body: { environment: 'acme/production' } });
  const host = await fakeHost(root, token, { name: 'a' });
  const tuf = await tempFolder(t, 'tuf');
  const role = async () => {
    const state = await host.desiredState(tuf);
    const entry = await lookUpHost(state.hostMap, host.id, async (digest) => {
      return (await host.get(`/o/${state.environment}/${digest}`)).body;
    });
    const renewed = await host.post('/renew', buildRenewRequest(host.key, host.id));
    const { certificate, ca } = JSON.parse(renewed.body.toString()) as { certificate: string; ca: string };
    const peer = peerOfCertificate(new X509Certificate(certificate), { caPem: ca, clock: systemClock });
    return [entry?.serve, peer?.serves];
  };
  const serve = async (body: { serve: boolean; serves?: string[]; dryRun?: boolean }) =>
    (await root.api('hostServe', { body: { select: { hosts: ['a'] }, ...body } })).changed;
  assert.deepEqual(await role(), [undefined, null]);
  assert.equal(await serve({ serve: true, dryRun: true }), 1);
  assert.deepEqual(await role(), [undefined, null]);
  assert.equal(await serve({ serve: true }), 1);
  assert.deepEqual(await role(), [true, [production]]);
  assert.equal(await serve({ serve: true, serves: ['acme/*'] }), 1);
  assert.equal(await serve({ serve: true }), 0);
  assert.deepEqual(await role(), [true, [production, staging]]);
  assert.equal(await serve({ serve: false }), 1);
  assert.equal(await serve({ serve: false }), 0);
  assert.deepEqual(await role(), [undefined, null]);
  await assert.rejects(serve({ serve: false, serves: ['acme/*'] }), { code: 'E_INPUT' });
  const { entries } = await root.api('auditList', { query: { limit: '1000' } });
  assert.equal(entries.filter(({ entry }) => entry['what'] === 'host.serve').length, 3);
});
