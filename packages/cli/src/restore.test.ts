import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail, ResponseOf } from '@xylem/root/contract';
import {
  program,
  removeLater,
  startNode,
  startRoot,
  tempFolder,
  waitUntil,
  xylemEntry,
} from '@xylem/testkit';
import { jsonBy } from './testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from './testing/pages.ts';

const yesterday = join(import.meta.dirname, 'testing', 'yesterday.ts');
const environment = 'acme/production';
/** Without it a host that has nothing new to say is heard within the hour. */
const yaml = pagesYaml('role = web', 'policy: { reportEverySeconds: 10 }\n');
const deploymentsSince = 20;

test('a root server restored from a backup of a day and 20 deployments ago: real hosts refuse nothing, and nothing moves before a person has confirmed', {
  timeout: 240_000,
}, async (t) => {
  const folder = await tempFolder(t, 'restored');
  const at = (...names: string[]): string => join(folder, ...names);
  const places = { entry: xylemEntry, home: at('home'), logs: at('logs') };
  /** The root server and its operator live a day behind until it dies; hosts live today. */
  const past = program({ ...places, nodeWords: ['--import', yesterday] });
  const today = program(places);
  removeLater(t, () => today.stop());
  removeLater(t, () => past.stop());
  let operator = past;
  const json = jsonBy(() => operator);
  const { publish, deploy, shown: page } = pages({ at, json });

  const first = await startRoot(past, at('root'), 'acme');
  await pagesEnvironment({ at, json }, yaml);
  const node = (name: string, parent?: string) => ({
    name,
    environment,
    state: at(name),
    parent,
    tokenWords: ['--label', `role=${name}`],
  });
  const relayUrl = await startNode(today, { ...node('relay'), serve: true });
  await startNode(today, node('web', relayUrl));
  for (const version of ['1.0.0', '2.0.0']) await publish(version);
  await deploy('1.0.0');
  await json(`root backup ${at('backup')}`);
  for (let count = 0; count < deploymentsSince; count += 1) await deploy(count % 2 === 0 ? '2.0.0' : '1.0.0');
  await publish('3.0.0');
  await deploy('3.0.0');
  await past.end('root', 'SIGKILL');
  operator = today;

  // Another folder, as on another machine; the same addresses, and the clock of today.
  await json(`root restore ${at('backup')} --state ${at('again')}`);
  const addresses = ['--api', new URL(first.apiUrl).host, '--listen', new URL(first.nodesUrl).host];
  await today.start('root', ['root', 'run', '--state', at('again'), ...addresses]);
  let difference: ResponseOf<'restored'> | undefined;
  await waitUntil(
    async () => {
      difference = await json<ResponseOf<'restored'>>('root difference');
      return difference.hostsHeard === 2;
    },
    90_000,
    'both hosts to report to the restored root server',
  );
  assert.equal(difference?.restored, true);
  assert.deepEqual(difference?.environments[0]?.differences, [
    {
      product: 'shop',
      component: 'pages',
      backupVersion: '1.0.0',
      runningVersions: [{ version: '3.0.0', hosts: 1 }],
    },
  ]);
  await assert.rejects(deploy('1.0.0'), /E_CONFIRM_RESTORE/);
  assert.equal(page(), '3.0.0', 'nothing was undone');

  await json('root confirm --keep hosts');
  assert.equal(page(), '3.0.0');
  await publish('4.0.0');
  await deploy('4.0.0');
  assert.equal(page(), '4.0.0');
  for (const name of ['web', 'relay']) {
    assert.deepEqual((await json<HostDetail>(`host show ${name}`)).waiting, [], name);
  }
});
