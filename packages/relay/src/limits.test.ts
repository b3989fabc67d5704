import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pacedHeader, readBody, silentLog, systemClock } from '@xylem/platform';
import { LimitedLinks } from '@xylem/platform/serving';
import { waitUntil } from '@xylem/testkit';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

test('a relay holds up what it gives to others, takes from its parent and sends to it, not what its own host takes', async (t) => {
  const { installation, production, root, vendor, deploy } = await world(t);
  const { snapshot, packs } = await deploy('1.0.0');
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const asked: (string | undefined)[] = [];
  class Noting extends LimitedLinks {
    override down(isBackground: boolean) {
      asked.push('down');
      return super.down(isBackground);
    }
    override up(url: string) {
      asked.push(`up ${new URL(url).pathname}`);
      return super.up(url);
    }
    override serve(child: string, isBackground: boolean) {
      asked.push(`${child} ${isBackground}`);
      return super.serve(child, isBackground);
    }
  }
  const own = [{ down: 100_000_000, up: 100_000_000, serve: 100_000_000 }];
  const links = new Noting({ clock: systemClock, log: silentLog, own });
  const relay = await startRelay(t, joined, { links });
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  assert.ok(asked.includes('down'));
  asked.length = 0;
  const child = await installation.join(production, { parents: [relay.url] });
  const url = `${relay.url}/o/${vendor.domain}/${packs[0]}`;
  const takesReports = async (of: typeof child): Promise<void> => {
    const answer = await clientOf(t, of).http.request({
      method: 'POST',
      url: `${relay.url}/reports`,
      body: batchOf(reportOf(of, 1)),
    });
    assert.equal(answer.status, 202);
  };
  const paced = async (
    of: typeof child,
    headers: Record<string, string> = {},
  ): Promise<string | undefined> => {
    const answer = await clientOf(t, of).http.request({ method: 'GET', url, headers });
    assert.equal(answer.status, 200);
    await readBody(answer.body, 2 ** 27, url);
    return answer.headers[pacedHeader];
  };
  await takesReports(child);
  await waitUntil(() => asked.includes('up /reports'));
  asked.length = 0;
  assert.equal(await paced(child), '1');
  assert.equal(await paced(child, { priority: 'u=6' }), '1');
  assert.equal(await paced(joined), undefined);
  const { host } = child.identity;
  assert.deepEqual(asked, [`${host} false`, `${host} true`]);
});
