import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('the first report that is taken after a while tells how many it replaced, also before restarts', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  await site.assign([]);
  let [refused, takesReports] = [0, false];
  front.intercept(({ url }, response) => {
    if (takesReports || url !== '/reports') return false;
    refused += 1;
    response.writeHead(503).end();
    return true;
  });
  for (const _start of [1, 2, 3]) {
    refused = 0;
    const agent = await site.agent(host);
    await waitFor('a report that is not taken', () => refused > 0);
    await agent.stop();
  }
  takesReports = true;
  await site.agent(host);
  const { supersededTotal = 0 } = await reported(front, host, 'that it is taken', () => true);
  assert.ok(supersededTotal >= 3, `${supersededTotal}`);
});
