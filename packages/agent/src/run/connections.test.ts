import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { componentOf, quick, reported, Site } from '../testing/site.ts';

test('a host asks for news again once it has fetched and reported an update: a held question takes a connection', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  const deploy = async (version: string): Promise<string> => {
    const own = await site.publish('web', version, { version });
    await site.assign([{ release: await site.vendor.release(version, [own]), package: own }]);
    await reported(front, host, version, (report) => componentOf(report, 'web')?.version === version);
    return own.package;
  };
  await site.agent(host, { timing: { ...quick, newsAfterWorkMs: 20_000 } });
  await deploy('1.0.0');
  const document = await deploy('2.0.0');
  const after = (begin: string, at: number): number =>
    front.requests.findIndex((line, index) => index > at && line.startsWith(begin));
  const told = front.requests.findIndex((line) => line.endsWith(document));
  const report = after('POST /reports', told);
  assert.ok(told >= 0 && report > told, front.requests.join('\n'));
  await waitUntil(() => after('GET /news?', told) >= 0, 10_000, 'the next question for news');
  assert.ok(after('GET /news?', told) > report, front.requests.join('\n'));
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
