/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { access, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Assignment, JobReport } from '@xylem/core';
import { freePort } from '@xylem/testkit';
import { stateLayout } from '../state/layout.ts';
import { componentOf, reported, Site, webService } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

/** Says where it runs, and ends as its configuration says. */
const look = `const { cwd, env } = process;
console.log([env.XYLEM_VERSION, env.XYLEM_INSTALLED_VERSION, env.XYLEM_ACTION, env.XYLEM_AHEAD, cwd()].join(' '));
if (env.XYLEM_AHEAD) require('node:fs').writeFileSync('lib/same.txt', 'spoilt');
process.exit(Number(process.argv[2]));
`;

const large = 400_000;

test('a host looks beforehand, beside what runs, and says what came of it', async (t) => {
  const site = await Site.create(t);
  const front = await site.front();
  const port = await freePort();
  const former = webService('1.0.0', port);
  const one = await site.publish('web', '1.0.0', former.files, former.document);
  const next = webService('2.0.0', port);
  const hooks = { before: { preflight: { command: ['${node}', 'look.cjs', '${config.ends}'] } } };
  const two = await site.publish(
    'web',
    '2.0.0',
    { ...next.files, 'look.cjs': look, large: { noiseBytes: large } },
    {
      ...next.document,
      format: 'xylem-package-2',
      needs: ['hooks'],
      hooks,
      configDefaults: { port, ends: 0 },
    },
  );
  const greedy = await site.publish(
    'big',
    '2.0.0',
    { a: 'b' },
    { format: 'xylem-package-2', needs: ['preflight'], preflight: { commands: ['no-such-program'] } },
  );
  const first = await site.vendor.release('1.0.0', [one]);
  const second = await site.vendor.release('2.0.0', [two, greedy]);
  const host = await site.host([front.url]);
  await site.assign([{ release: first, package: one }]);
  const priorities = new Map<string, string | undefined>();
  front.intercept(({ url = '', headers }) => {
    priorities.set(url.split('/').at(-1) ?? '', headers.priority as string | undefined);
    return false;
  });
  const agent = await site.agent(host);
  const before = await reported(
    front,
    host,
    'web 1.0.0',
    (report) => componentOf(report, 'web')?.healthy === true,
  );
  assert.deepEqual(before.knows, ['preflight']);

  const nobody = { salt: 'YWhlYWQtb2Y', atMost: '0'.repeat(64) };
  const common = { product: 'shop', release: second, version: '2.0.0', where: 'all', after: [], config: {} };
  const ahead = (ends: number) =>
    [two, greedy].map(({ component, package: digest }) => ({
      ...common,
      component,
      package: digest,
      config: component === 'web' ? { ends } : {},
      cohort: nobody,
    })) as unknown as Assignment[];
  const directed = { ...common, release: first, version: '1.0.0', component: 'web', package: one.package };
  const ask = async (of: string, orders: readonly string[], ends: number): Promise<readonly JobReport[]> => {
    const ordered = { web: two.package, big: greedy.package, gone: 'f'.repeat(64) } as Record<string, string>;
    const preflight = orders.map((component, i) => ({
      id: `${of}${i}`.padEnd(32, '0'),
      component,
      package: ordered[component],
    }));
    site.hosts.set(host.identity.host, { labels: {}, preflight } as never);
    await site.direct({ assignments: [directed as unknown as Assignment, ...ahead(ends)] });
    const { jobs = [] } = await reported(front, host, `the answers to ${of}`, (report) =>
      preflight.every(({ id }) => report.jobs?.some((job) => job.id === id && job.result !== undefined)),
    );
    return preflight.flatMap(({ id }) => jobs.find((job) => job.id === id) ?? []);
  };
  const [passed, unmet, gone] = await ask('a', ['web', 'big', 'gone'], 0);
  assert.equal(passed?.job, 'preflight');
  const layout = stateLayout(host.stateFolder);
  const apart = join(layout.ahead, 'web', two.tree);
  assert.deepEqual(
    [passed?.result?.outcome, passed?.result?.exitCode, passed?.result?.output.text],
    ['passed', 0, `2.0.0 1.0.0 update 1 ${apart}\n`],
  );
  assert.deepEqual([unmet?.result?.outcome, unmet?.result?.code], ['failed', 'E_PREFLIGHT']);
  assert.match(unmet?.result?.message ?? '', /no-such-program/);
  const [ran = '', looked = ''] = [one, two].map(({ packs }) => packs[0]);
  assert.deepEqual(
    [priorities.has(ran), priorities.get(ran), priorities.get(looked)],
    [true, undefined, 'u=6'],
  );
  assert.deepEqual([gone?.result?.outcome, gone?.result?.code], ['refused', 'E_JOB_REFUSED']);

  const [failed] = await ask('b', ['web'], 4);
  assert.deepEqual(
    [failed?.result?.outcome, failed?.result?.exitCode, failed?.result?.code],
    ['failed', 4, 'E_HOOK_FAILED'],
  );

  // Nothing of what runs was touched.
  const own = layout.component('web');
  const after = await reported(front, host, 'web as before', () => true);
  assert.deepEqual(componentOf(after, 'web'), componentOf(before, 'web'));
  assert.deepEqual(after.waiting, []);
  assert.equal((await readlink(own.current)).split('/').at(-1), one.tree);
  assert.deepEqual(
    (await readdir(own.trees)).filter((name) => name.includes(two.tree)),
    [],
  );
  await access(apart);
  await assert.rejects(access(layout.component('big').folder), 'what is only looked at makes no slot');
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '1.0.0');

  // What it fetched saves the transfer, and what the hook spoilt there does not come along.
  const bytesDown = after.transfer.bytesDown;
  await site.assign([{ release: second, package: two }]);
  const updated = await reported(
    front,
    host,
    'web 2.0.0',
    (report) =>
      componentOf(report, 'web')?.version === '2.0.0' && componentOf(report, 'web')?.healthy === true,
  );
  assert.ok(
    updated.transfer.bytesDown - bytesDown < large,
    `${updated.transfer.bytesDown - bytesDown} bytes`,
  );
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '2.0.0');
  assert.equal(await readFile(join(own.current, 'lib/same.txt'), 'utf8'), 'same in each version\n');
  await waitFor('the copy to go', () =>
    access(apart).then(
      () => null,
      () => true,
    ),
  );
  await agent.stop();
});
