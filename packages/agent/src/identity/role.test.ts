import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { loadIdentity, parseRenewRequest } from '@xylem/trust';
import { Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** An agent, the root server's word on its role in the host map, and what the root server renews. */
async function playing(site: Site) {
  const { ca } = site.installation;
  const environment = site.environment.id;
  const front = await site.front();
  const given = { serve: false };
  const renew = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const csr = parseRenewRequest(await buffer(request));
    const certificate = await ca.issue(csr, { environment, serves: given.serve ? [environment] : null });
    response.writeHead(200).end(JSON.stringify({ certificate, ca: ca.certificatePem }));
  };
  front.intercept((request, response) => {
    if (request.url !== '/renew') return false;
    void renew(request, response).catch(() => response.writeHead(500).end());
    return true;
  });
  const host = await site.host([front.url]);
  await site.assign([]);
  const told: boolean[] = [];
  const agent = await site.agent(host, { onServeChange: (serve) => told.push(serve) });
  await waitFor('the first direction', () => agent.status().direction !== null);
  return {
    agent,
    told,
    given,
    direct: async (serve: boolean) => {
      site.hosts.set(host.identity.host, serve ? { labels: {}, serve } : { labels: {} });
      await site.direct();
    },
    kept: async () => (await loadIdentity(join(host.stateFolder, 'identity')))?.serve,
    renewals: () => front.requests.filter((request) => request === 'POST /renew').length,
  };
}

test('a host that direction makes a relay renews its certificate, then serves; and back', async (context) => {
  const { told, given, direct, kept, renewals } = await playing(await Site.create(context));
  given.serve = true;
  await direct(true);
  await waitFor('serving', () => told.length === 2);
  assert.equal(await kept(), true);
  given.serve = false;
  await direct(false);
  await waitFor('the end of serving', () => told.length === 3);
  await waitFor('the certificate of a plain host', async () => (await kept()) === false);
  assert.deepEqual(told, [false, true, false]);
  assert.equal(renewals(), 2);
});

test('without a certificate that says so it does not serve, says why, and asks again with pauses', async (context) => {
  const { agent, told, direct, renewals } = await playing(await Site.create(context));
  const isWaiting = (): boolean => agent.status().waiting.some(({ code }) => code === 'E_CERTIFICATE');
  await direct(true);
  await waitFor('the fault', isWaiting);
  // Each new direction is a reason to ask, and nothing else within the pause.
  await direct(true);
  await waitFor('the second direction', () => agent.status().direction?.number === 3);
  assert.ok(renewals() <= 4, `${renewals()} renewals`);
  assert.deepEqual(told, [false]);
});
