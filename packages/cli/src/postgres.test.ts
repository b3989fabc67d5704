import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ResponseOf } from '@xylem/root/contract';
import { postgres, program, removeLater, startNode, tempFolder, waitUntil, xylemEntry } from '@xylem/testkit';

const environment = 'acme/production';
const yaml = `environment: ${environment}\npolicy: { reportEverySeconds: 10 }\nproducts:\n  shop:\n    components:\n      pages: { where: role = web }\n`;

test('over PostgreSQL: made, run, through a crash of the database, backed up, restored and confirmed by the commands', {
  timeout: 240_000,
}, async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const folder = await tempFolder(t, 'over-postgres');
  const at = (...names: string[]): string => join(folder, ...names);
  const xylem = program({
    entry: xylemEntry,
    home: at('home'),
    logs: at('logs'),
  });
  removeLater(t, () => xylem.stop());
  const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
  const page = (): string =>
    readFileSync(join(at('web'), 'components', 'pages', 'current', 'page.html'), 'utf8');
  const publish = async (version: string): Promise<void> => {
    mkdirSync(at('tree'), { recursive: true });
    writeFileSync(at('tree', 'page.html'), version);
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`);
    await json(`package publish ${folder}`);
    await json(`release create shop@${version} --with pages@${version}`);
  };
  const deploy = (version: string): Promise<unknown> =>
    json(`deploy shop@${version} --to ${environment} --watch --yes --timeout 60`);

  const first = await server.createDatabase('first');
  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme --database ${first}`,
  );
  const anyPorts = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const running = (await xylem.start('root', ['root', 'run', '--state', at('root'), ...anyPorts])) as {
    apiUrl: string;
    nodesUrl: string;
  };
  await json(`login ${running.apiUrl} --token ${operatorToken}`);
  writeFileSync(at('production.yaml'), yaml);
  await json(`env create ${environment} --file ${at('production.yaml')}`);
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
