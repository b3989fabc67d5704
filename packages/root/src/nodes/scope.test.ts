import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { type Peer, peerOfCertificate } from '@xylem/trust';
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
