import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { freePort } from '@xylem/testkit';
import { loadIdentity, parseRenewRequest } from '@xylem/trust';
import { componentOf, reported, Site, webService } from '../site.ts';
import { waitFor } from '../wait-for.ts';

const dayMs = 86_400_000;

test('an agent that was down for seven weeks keeps what runs while all it knows has ended, renews its certificate and catches up', async (context) => {
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + aheadMs };
  const site = await Site.create(context, clock);
  const front = await site.front();
  const port = await freePort();
  const given = async (version: string) => {
    const { files, document } = webService(version, port);
    const api = await site.publish('api', version, files, document);
    return { release: await site.vendor.release(version, [api]), package: api };
  };
  const host = await site.host([front.url]);
  const isWell = (version: string) => (report: Parameters<typeof componentOf>[0]) =>
    componentOf(report, 'api')?.version === version && componentOf(report, 'api')?.healthy === true;
  await site.assign([await given('1.0.0')]);
  const before = await site.agent(host, { clock });
  await reported(front, host, 'version 1', isWell('1.0.0'));
  await before.stop();
  const answer = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text();
  const { ca } = site.installation;
  front.intercept((request, response) => {
    if (request.url !== '/renew') return false;
    void buffer(request).then(async (body) => {
      const certificate = await ca.issue(parseRenewRequest(body), {
        environment: site.environment.id,
        serves: null,
      });
      response.writeHead(200).end(JSON.stringify({ certificate, ca: ca.certificatePem }));
    });
    return true;
  });

  aheadMs = 49 * dayMs;
  await site.agent(host, { clock });
  // Nobody has signed anything for seven weeks either.
  const frozen = await reported(front, host, 'what has ended', (report) =>
    report.waiting.some(({ code }) => code === 'E_METADATA_EXPIRED'),
  );
  assert.ok(isWell('1.0.0')(frozen) || componentOf(frozen, 'api')?.version === '1.0.0');
  assert.equal(await answer(), '1.0.0');

  await site.assign([await given('2.0.0')]);
  const caughtUp = await reported(
    front,
    host,
    'version 2',
    (report) => isWell('2.0.0')(report) && report.waiting.length === 0,
  );
  assert.equal(await answer(), '2.0.0');
  assert.ok(caughtUp.direction.number > frozen.direction.number);
  const ends = async (): Promise<number> => {
    const identity = await loadIdentity(join(host.stateFolder, 'identity'));
    return Date.parse(new X509Certificate(identity?.certificatePem ?? '').validTo);
  };
  await waitFor('a certificate that counts', async () => (await ends()) > clock.now());
});
