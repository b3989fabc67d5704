import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Digest, PackageDocument, Report, Through, Version } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import type { TestPackage } from '@xylem/testkit/builders';
import { explainHost } from '../explain/explain.ts';
import { componentOf, reported, Site } from '../testing/site.ts';

/** A service that writes down that it ran, and as which version. */
const document: Partial<PackageDocument> = {
  kind: 'service',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a package
  service: { command: ['${node}', '${tree}/main.cjs', '${data}/order'], stopTimeoutMs: 2_000 },
};
const main = (version: string): string =>
  `require('node:fs').appendFileSync(process.argv[2], '${version} '); setInterval(() => {}, 1000);\n`;

interface Made {
  readonly release: Digest;
  readonly version: Version;
  readonly packages: readonly TestPackage[];
}

/** Releases 1.0.0 to `newest`.0.0 of a service and of pages that stay the same; the components count otherwise. */
async function releases(site: Site, newest: number): Promise<Made[]> {
  const pages = await site.publish('pages', '77.0.0', { 'index.html': 'the same' });
  const made: Made[] = [];
  for (let major = 1; major <= newest; major += 1) {
    const web = await site.publish('web', `${10 * major}.0.0`, { 'main.cjs': main(`${major}`) }, document);
    const version = `${major}.0.0` as Version;
    made.push({ version, packages: [web, pages], release: await site.vendor.release(version, [web, pages]) });
  }
  return made;
}

const through = (...made: readonly (Made | undefined)[]): Record<string, Through[]> => ({
  shop: made.flatMap((one) =>
    one === undefined
      ? []
      : [
          {
            release: one.release,
            version: one.version,
            packages: one.packages.map((part) => ({
              component: part.component,
              package: part.package,
              version: part.version as Version,
            })),
          },
        ],
  ),
});

const waypoints = (...versions: string[]) => ({
  waypoints: versions.map((version) => ({ version: version as Version })),
});

test('a host far behind takes the way that the publisher demands, whatever direction says', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const made = await releases(site, 10);
  const at = (major: number): Made => made[major - 1] ?? assert.fail();
  const assign = (major: number): Promise<void> =>
    site.assign(at(major).packages.map((one) => ({ release: at(major).release, package: one })));
  const host = await site.host([front.url]);
  const order = (): Promise<string> =>
    readFile(join(host.stateFolder, 'components', 'web', 'data', 'order'), 'utf8');
  const runs = (major: number) => (report: Report) => {
    const web = componentOf(report, 'web');
    return (
      web?.version === `${10 * major}.0.0` &&
      web.release === `${major}.0.0` &&
      componentOf(report, 'pages')?.release === `${major}.0.0`
    );
  };
  const waits = (major: number, code: string, text: RegExp) => (report: Report) =>
    runs(major)(report) &&
    report.waiting.some((one) => one.component === 'web' && one.code === code && text.test(one.message));

  await assign(1);
  let agent = await site.agent(host);
  await reported(front, host, 'the first release', runs(1));

  // A director that was taken over skips both waypoints, then one of them, then gives another release for it.
  await site.vendor.rule({ transitions: waypoints('3.0.0', '7.0.0') });
  await assign(10);
  await reported(
    front,
    host,
    'no way is offered',
    waits(1, 'E_WAYPOINT', /1\.0\.0 gets to 10\.0\.0 only through 3\.0\.0/),
  );
  await site.direct({ through: through(at(7)) });
  await reported(front, host, 'one of two is offered', waits(1, 'E_WAYPOINT', /only through 3\.0\.0/));
  const [lie] = through(at(7))['shop'] ?? [];
  await site.direct({ through: { shop: [{ ...(lie ?? assert.fail()), version: '3.0.0' as Version }] } });
  await reported(
    front,
    host,
    'another is offered for it',
    waits(1, 'E_TRUST', /gives shop 7\.0\.0 for 3\.0\.0/),
  );
  assert.equal(await order(), '1 ');

  // Cut off after the first waypoint was committed: the next agent goes on from there, and says so meanwhile.
  let commits = 0;
  await agent.stop();
  agent = await site.agent(host, {
    onJournalPoint: (point) => {
      if (point !== 'service/commit/acted') return;
      commits += 1;
      void agent.stop();
    },
  });
  await site.direct({ through: through(at(3), at(7)) });
  await agent.stopped.catch(() => undefined);
  assert.equal(commits, 1);
  const { components } = await explainHost({
    stateFolder: host.stateFolder,
    node: process.execPath,
    clock: systemClock,
  });
  const web = components.find(({ component }) => component === 'web');
  assert.deepEqual([web?.installed, web?.desired], ['30.0.0', '100.0.0']);
  await site.agent(host);
  await reported(front, host, 'the newest release', runs(10));
  assert.match(await order(), /^1 (3 )+(7 )+(10 )+$/);

  // Who comes fresh is set up at once.
  const fresh = await site.host([front.url]);
  await site.direct({ through: through(at(3), at(7)) });
  await site.agent(fresh);
  await reported(front, fresh, 'a fresh host', runs(10));
  assert.equal(await readFile(join(fresh.stateFolder, 'components', 'web', 'data', 'order'), 'utf8'), '10 ');

  // Back past a waypoint only by the publisher's word.
  await assign(6);
  await reported(front, host, 'no way back', waits(10, 'E_DOWNGRADE', /7\.0\.0 is a waypoint/));
  const downgrades = [{ from: '10.x', to: '>=6.0.0', allowed: true }];
  await site.vendor.rule({ transitions: { ...waypoints('3.0.0', '7.0.0'), downgrades } });
  await site.direct();
  await reported(front, host, 'the allowed way back', runs(6));

  const deadEnds = [{ versions: '6.x', reason: 'Install it anew.' }];
  await site.vendor.rule({ transitions: { ...waypoints('3.0.0', '7.0.0'), deadEnds } });
  await assign(10);
  await reported(front, host, 'a dead end', waits(6, 'E_DEAD_END', /Install it anew/));
});
