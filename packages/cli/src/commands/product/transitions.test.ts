import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Deployment, HostWhy } from '@xylem/root/contract';
import { removeLater, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from '../../testing/operator-here.ts';
import { pagesEnvironment } from '../../testing/pages.ts';

const yaml =
  'environment: acme/production\nproducts:\n  shop:\n    components:\n      web: { where: name = web }\n';
/** Writes down that it ran. */
const main = (version: string): string =>
  `require('node:fs').appendFileSync(process.argv[2], '${version} '); setInterval(() => {}, 1000);\n`;

test('a host far behind gets to the newest through both waypoints, and back no further than they allow', {
  timeout: 400_000,
}, async (t) => {
  const here = await operatorHere(t, 'graph');
  const { at, xylem, json } = here;
  removeLater(t, async () => {
    await xylem.stop();
    await xylem.endServices(at('web'));
  });
  const publish = async (major: number): Promise<void> => {
    mkdirSync(at('made', 'tree'), { recursive: true });
    writeFileSync(at('made', 'tree', 'main.cjs'), main(`${major}`));
    const command = "['$" + "{node}', '$" + "{tree}/main.cjs', '$" + "{data}/order']";
    const manifest = `product: shop\ncomponent: web\nversion: 0.${major}.0\nkind: service\nfolder: tree\nservice: { command: ${command} }\n`;
    writeFileSync(at('made', 'xylem.yaml'), manifest);
    await json(`package publish ${at('made')}`);
    await json(`release create shop@${major}.0.0 --with web@0.${major}.0`);
  };
  const order = (): string => readFileSync(at('web', 'components', 'web', 'data', 'order'), 'utf8');

  await startRoot(xylem, at('root'), 'acme');
  await pagesEnvironment(here, yaml);
  await startNode(xylem, { name: 'web', environment: 'acme/production', state: at('web') });
  for (const major of [1, 3, 6, 7, 10]) await publish(major);
  await json('deploy shop@1.0.0 --to production --watch --yes --timeout 90');

  await assert.rejects(json('product waypoint shop 3.5.0'), /E_NOT_FOUND.*Release it first/);
  await json('product waypoint shop 3.0.0');
  await json('product waypoint shop 7.0.0');
  await assert.rejects(json('release retire shop@7.0.0'), /E_CONFLICT.*is a waypoint/);
  const { retired } = await json<{ retired: string[] }>('release retire shop --keep 1');
  assert.ok(!retired.includes('3.0.0') && !retired.includes('7.0.0') && retired.includes('6.0.0'));
  const { waypoints } = await json<{ waypoints: { version: string }[] }>('product graph shop');
  assert.deepEqual(
    waypoints.map(({ version }) => version),
    ['3.0.0', '7.0.0'],
  );

  await json('deploy shop@10.0.0 --to production --watch --yes --timeout 120');
  assert.match(order(), /^1 (3 )+(7 )+(10 )+$/);
  const runsWell = async (): Promise<boolean> =>
    (await json<HostWhy>('host why web')).answer === 'It runs what it should.';
  await waitUntil(runsWell, 60_000, 'the answer of host why');

  // Back past a waypoint: refused before anything moves, until the publisher allows it.
  await assert.rejects(json('rollback shop --in production --yes'), /E_DOWNGRADE.*7\.0\.0 is a waypoint/);
  await json(['product', 'downgrade', 'shop', '--from', '10.x', '--to', '1.x', '--allow']);
  await json('rollback shop --in production --yes --watch --timeout 90');
  assert.match(order(), /10 (1 )+$/);

  // A dead end: nobody could go on, so nothing is begun; and it says why.
  await json(['product', 'dead-end', 'shop', '1.x', '--reason', 'Install it anew.']);
  await assert.rejects(json('deploy shop@10.0.0 --to production --yes'), /E_DEAD_END.*Install it anew/);
  await json(['product', 'dead-end', 'shop', '1.x', '--remove']);

  // Once a floor lies above them, nothing must be passed through, and nothing is said of it.
  await json('product floor shop 10.0.0');
  assert.deepEqual((await json<{ waypoints: object[] }>('product graph shop')).waypoints, []);
  const { deployments } = await json<{ deployments: Deployment[] }>(
    'deploy shop@10.0.0 --to production --yes',
  );
  assert.equal(deployments.length, 1);
  await waitUntil(async () => /10 (1 )+(10 )+$/.test(order()), 60_000, 'straight to the floor');
});
