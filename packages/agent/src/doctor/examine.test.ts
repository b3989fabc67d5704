import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { componentOf, reported, Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';
import { examineHost } from './examine.ts';
import type { Finding } from './judge.ts';

const dayMs = 86_400_000;

async function hostOf(t: TestContext) {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one' });
  const given = { release: await site.vendor.release('1.0.0', [pages]), package: pages };
  await site.assign([given]);
  const agent = await site.agent(host);
  await reported(front, host, '1.0.0', (report) => componentOf(report, 'pages') !== undefined);
  const examine = async (clock = systemClock): Promise<Finding[]> => [
    ...(await examineHost({ stateFolder: host.stateFolder, node: process.execPath, clock })),
  ];
  return { site, front, host, agent, examine, given };
}

const faults = (findings: readonly Finding[]): Finding['check'][] =>
  findings.filter(({ ok }) => !ok).map(({ check }) => check);

test('a host that is well is said to be, check by check', async (t) => {
  const { examine } = await hostOf(t);
  const findings = await examine();
  assert.deepEqual(faults(findings), [], JSON.stringify(findings));
  const checks = new Set(findings.map(({ check }) => check));
  for (const check of [
    'state',
    'disk',
    'clock',
    'certificate',
    'parent',
    'agent',
    'reports',
    'policy',
    'direction',
    'components',
  ])
    assert.ok(checks.has(check as Finding['check']), check);
});

test('each thing that is wrong is named with what to do', async (t) => {
  const { site, front, host, agent, examine } = await hostOf(t);
  const named = async (check: Finding['check'], clock = systemClock): Promise<string> => {
    const one = (await examine(clock)).find((finding) => finding.check === check && !finding.ok);
    assert.ok(one?.advice, `${check} is not well, and what to do is said`);
    return one.says;
  };
  const at = (offsetMs: number) => ({ ...systemClock, now: () => systemClock.now() + offsetMs });
  assert.match(await named('clock', at(-3650 * dayMs)), /behind what has been signed already/);
  assert.match(await named('clock', at(2 * dayMs)), /2 days ahead of the parent's/);
  assert.match(await named('certificate', at(400 * dayMs)), /The certificate ended/);

  const { direction } = await reported(front, host, 'any report', () => true);
  site.hosts.set(host.identity.host, {
    labels: {},
    parents: ['https://no-such-parent.invalid:1', front.url],
  });
  await site.direct();
  await reported(front, host, 'its parents', (report) => report.direction.number > direction.number);
  assert.match(await named('name'), /no-such-parent\.invalid.* leads to no address/);

  await writeFile(join(host.stateFolder, 'accepted.json.damaged'), 'x');
  assert.match(await named('state'), /set aside: accepted\.json\.damaged/);

  site.hosts.set(host.identity.host, { labels: {}, retired: true });
  await site.direct();
  await reported(front, host, 'its retirement', ({ waiting }) =>
    waiting.some(({ code }) => code === 'E_HOST_RETIRED'),
  );
  assert.match(await named('direction'), /retired/);

  await agent.stop();
  assert.match(await named('agent'), /does not run/);
  await rm(join(host.stateFolder, 'components', 'pages', 'current'));
  assert.match(await named('components'), /pages is at 1\.0\.0/);
  await front.close();
  assert.match(await named('parent'), /does not answer/);
});

test('a parent that answers and is cut off is named; one that only says that it is not leaves reports unanswered', async (t) => {
  const { site, front, examine } = await hostOf(t);
  let isCutOff = true;
  let kept = 0;
  front.intercept(({ url = '', method }, response) => {
    if (url.startsWith('/news?') && isCutOff) {
      const answer = { format: 'xylem-news-1', changed: [], sinceRootMs: 2 * 3_600_000 };
      setTimeout(() => response.end(JSON.stringify(answer)), 20);
    } else if (isCutOff) return false;
    else if (method === 'POST') {
      kept += 1;
      response.writeHead(202).end(JSON.stringify({ format: 'xylem-taken-1', watermarks: [] }));
    } else if (url.startsWith('/watermarks/')) response.writeHead(404).end();
    else return false;
    return true;
  });
  const wrong = async (check: Finding['check'], clock = systemClock): Promise<string | undefined> =>
    (await examine(clock)).find((finding) => finding.check === check && !finding.ok)?.says;
  assert.match(
    (await wrong('parent')) ?? '',
    /^Cut off from the root server for 2 hours, .* although https:/,
  );
  const late = { ...systemClock, now: () => systemClock.now() + 2 * 3_600_000 };
  await waitFor('the answer to its reports', async () => (await wrong('reports', late)) === undefined);
  isCutOff = false;
  assert.equal(await wrong('parent'), undefined);
  const pages = await site.publish('pages', '1.0.1', { 'index.html': 'two' });
  await site.assign([{ release: await site.vendor.release('1.0.1', [pages]), package: pages }]);
  await waitFor('a report that is taken and kept', () => kept > 0);
  assert.match(
    (await wrong('reports', late)) ?? '',
    /has not signed for the newest report, made 2 hours ago/,
  );
});

test('what is no host is said, without going on', async (t) => {
  const stateFolder = await tempFolder(t);
  const findings = await examineHost({ stateFolder, node: process.execPath, clock: systemClock });
  assert.match(findings.at(-1)?.says ?? '', /no identity of a host/);
});
