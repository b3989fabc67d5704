import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { LimitedLinks } from '@xylem/platform/serving';
import { reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('what a host reports goes no faster up than direction says, but to the relay of its own', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const limits = [{ up: 100_000 }];
  const host = await site.host([front.url], { limits });
  await site.assign([]);
  const limited: string[] = [];
  class Noting extends LimitedLinks {
    override up(url: string) {
      const turns = super.up(url);
      if (turns !== null) limited.push(url);
      return turns;
    }
  }
  const links = new Noting({ clock: systemClock, log: silentLog, own: [] });
  let own: string[] = [front.url];
  const agent = await site.agent(host, { links, parentsFirst: () => own });
  await waitFor('direction', () => agent.status().direction !== null);
  assert.equal(links.upNow(), 100_000);
  const first = await reported(front, host, 'the direction', ({ direction }) => direction.number > 0);
  assert.deepEqual(limited, []);
  own = [];
  site.hosts.set(host.identity.host, { labels: { ring: 'first' }, limits });
  await site.direct();
  await reported(front, host, 'the next', ({ direction }) => direction.number > first.direction.number);
  assert.ok(limited.length > 0);
  assert.ok(
    limited.every((url) => url === `${front.url}/reports`),
    limited.join(' '),
  );
});
