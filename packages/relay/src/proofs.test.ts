import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProven, parseProofs, proofsHeader } from '@xylem/core';
import { waitUntil } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { openJointWatermark, openWatermark } from '@xylem/trust';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

for (const isOlder of [false, true]) {
  const who = isOlder ? 'an older root server' : 'the root server';
  test(`below two relays each host reads what ${who} says of it, an older host too`, async (t) => {
    const { installation, production, root } = await world(t, { isOlder });
    const serves = [production.id];
    const upper = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
    const lower = await startRelay(t, await installation.join(production, { parents: [upper.url], serves }));
    await waitUntil(() => snapshotAt(lower, production.id) > 0);
    root.intercept(({ url }, response) => url === '/reports' && Boolean(response.writeHead(503).end()));

    const join = () => installation.join(production, { parents: [lower.url] });
    const [newer, older] = [[await join(), await join(), await join()], await join()];
    const headersOf = (host: JoinedHost): Record<string, string> =>
      host === older ? {} : { [proofsHeader]: '1' };
    const ask = async (host: JoinedHost, headers = headersOf(host)) => {
      const url = `${lower.url}/watermarks/${host.identity.host}`;
      const { status, body } = await clientOf(t, host).http.request({ method: 'GET', url, headers });
      return { status, value: status === 200 ? ((await body.toArray()).join('') as string) : null };
    };
    for (const host of [...newer, older]) {
      const request = { method: 'POST' as const, url: `${lower.url}/reports`, headers: headersOf(host) };
      const { status, body } = await clientOf(t, host).http.request({
        ...request,
        body: batchOf(reportOf(host, 5)),
      });
      body.resume();
      assert.equal(status, 202);
    }
    await waitUntil(() => upper.status().spooledReports === 4);
    const said: string[] = [];
    root.intercept(({ url, headers }) => {
      if (url === '/reports') said.push(String(headers[proofsHeader]));
      return false;
    });
    await waitUntil(() => upper.status().spooledReports === 0 && lower.status().spooledReports === 0);
    assert.deepEqual(new Set(said), new Set(['1', 'undefined']));

    const collectors = [installation.collector.public];
    for (const host of [...newer, older]) {
      const { value } = await ask(host);
      const id = host.identity.host;
      assert.ok(value !== null);
      if (host === older || isOlder) {
        const { host: whose, sequence } = await openWatermark(Buffer.from(value), collectors);
        assert.deepEqual([whose, sequence], [id, 5]);
        continue;
      }
      const { signed, proofs } = parseProofs(value);
      const [proof] = proofs;
      assert.deepEqual([proofs.length, proof?.host, proof?.sequence], [1, id, 5]);
      assert.ok(proof !== undefined && isProven(await openJointWatermark(signed, collectors), proof));
      assert.equal((await ask(host, {})).status, 404, 'nothing that who asks could not read');
    }
  });
}
