import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { componentOf, reported, Site } from '../testing/site.ts';

test('a host asks for news again once it has fetched and reported an update: a held question takes a connection', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  const deploy = async (version: string): Promise<void> => {
    const own = await site.publish('web', version, { version });
    await site.assign([{ release: await site.vendor.release(version, [own]), package: own }]);
    await reported(front, host, version, (report) => componentOf(report, 'web')?.version === version);
  };
  await site.agent(host);
  await deploy('1.0.0');
  const before = front.requests.length;
  await deploy('2.0.0');
  const question = 'GET /news?';
  const since = (): string[] => front.requests.slice(before).map(String);
  await waitUntil(
    () => since().some((line) => line.startsWith(question)),
    10_000,
    'the next question for news',
  );
  const lines = since();
  const first = (begin: string): number => lines.findIndex((line) => line.startsWith(begin));
  assert.ok(first('GET /o/') >= 0 && first('POST /reports') >= 0, lines.join('\n'));
  assert.equal(first(question), lines.length - 1, lines.join('\n'));
});

test('a host that is long at work on what it was given hears of the next change meanwhile', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  const [one, two] = [
    await site.publish('web', '1.0.0', { a: '1' }),
    await site.publish('web', '2.0.0', { a: '2' }),
  ];
  // No byte of the first tree comes.
  front.intercept((request) => request.url?.includes(`/offers/${one.tree}`) === true);
  await site.agent(host, { timing: { newsAfterWorkMs: 200 } });
  await site.assign([{ release: await site.vendor.release('1.0.0', [one]), package: one }]);
  await waitUntil(
    () => front.requests.some((path) => path.includes(`/offers/${one.tree}`)),
    10_000,
    'the offer to be asked for',
  );
  await site.assign([{ release: await site.vendor.release('2.0.0', [two]), package: two }]);
  await reported(front, host, '2.0.0', (report) => componentOf(report, 'web')?.version === '2.0.0');
});
