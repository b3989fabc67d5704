import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResponseOf } from '@xylem/root/contract';
import { postgres, startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from './testing/pages.ts';

const environment = 'acme/production';

test('over PostgreSQL: made, run, through a crash of the database, backed up, restored and confirmed by the commands', {
  timeout: 240_000,
}, async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const here = await operatorHere(t, 'over-postgres');
  const { at, xylem, json } = here;
  const { publish, deploy, shown: page } = pages(here);

  const first = await server.createDatabase('first');
  const running = await startRoot(xylem, at('root'), 'acme', { database: first });
  await pagesEnvironment(here, pagesYaml('role = web', 'policy: { reportEverySeconds: 10 }\n'));
  await startNode(xylem, { name: 'web', environment, state: at('web'), tokenWords: ['--label', 'role=web'] });
  for (const version of ['1.0.0', '2.0.0']) await publish(version);
  await deploy('1.0.0');
  await json(`root backup ${at('backup')}`);

  await server.crash();
  await assert.rejects(json('status'), /E_STORAGE/);
  await server.restart();
  await waitUntil(() => json('status').then(Boolean, () => false), 30_000, 'the root server answers again');
  await deploy('2.0.0');
  assert.equal(page(), '2.0.0');

  await xylem.end('root', 'SIGKILL');
  const restore = `root restore ${at('backup')} --state ${at('again')}`;
  await assert.rejects(json(restore), /E_CONFLICT[\s\S]*holds tables already/);
  await json(`${restore} --database ${await server.createDatabase('second')}`);
  const addresses = ['--api', new URL(running.apiUrl).host, '--listen', new URL(running.nodesUrl).host];
  await xylem.start('root', ['root', 'run', '--state', at('again'), ...addresses]);
  let difference: ResponseOf<'restored'> | undefined;
  await waitUntil(
    async () => {
      difference = await json<ResponseOf<'restored'>>('root difference');
      return difference.hostsHeard === 1;
    },
    60_000,
    'the host is heard',
  );
  assert.deepEqual(
    difference?.environments[0]?.differences.map(({ backupVersion, runningVersions }) => [
      backupVersion,
      runningVersions[0]?.version,
    ]),
    [['1.0.0', '2.0.0']],
  );
  assert.equal(page(), '2.0.0', 'nothing is undone before a person has confirmed');
  await json('root confirm --keep hosts');
  await publish('3.0.0');
  await deploy('3.0.0');
  assert.equal(page(), '3.0.0');
});
