import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail, HostWhy } from '@xylem/root/contract';
import { startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';

const environment = 'acme/production';
const yaml = `environment: ${environment}\npolicy: { reportEverySeconds: 10 }\nproducts:\n  shop:\n    components:\n      pages: { where: 'role in (web, spare)' }\n`;

test('a revoked host gets nothing more from root server or relay, also when both were killed and the root server stays away', {
  timeout: 120_000,
}, async (t) => {
  const { folder, at, xylem, json } = await operatorHere(t, 'revoke');
  const page = (name: string): string =>
    readFileSync(join(at(name), 'components', 'pages', 'current', 'page.html'), 'utf8');
  const publish = async (version: string): Promise<void> => {
    mkdirSync(at('tree'), { recursive: true });
    writeFileSync(at('tree', 'page.html'), version);
    writeFileSync(at('xylem.yaml'), `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`);
    await json(['package', 'publish', folder]);
    await json(['release', 'create', `shop@${version}`, '--with', `pages@${version}`]);
  };
  const deploy = (version: string): Promise<unknown> =>
    json(['deploy', `shop@${version}`, '--to', environment, '--watch', '--yes', '--timeout', '60']);

  await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), yaml);
  await json(['env', 'create', environment, '--file', at('production.yaml')]);
  const node = (name: string) => ({
    name,
    environment,
    state: at(name),
    tokenWords: ['--label', `role=${name}`],
  });
  const relayUrl = await startNode(xylem, { ...node('relay'), serve: true });
  assert.ok(relayUrl);
  for (const name of ['web', 'spare']) await startNode(xylem, { ...node(name), parent: relayUrl });
  await publish('1.0.0');
  await deploy('1.0.0');
  assert.deepEqual([page('web'), page('spare')], ['1.0.0', '1.0.0']);

  await json(['host', 'revoke', 'web', '--reason', 'the machine was stolen', '--yes']);
  assert.equal((await json<HostDetail>(['host', 'show', 'web'])).state, 'revoked');
  assert.match((await json<HostWhy>(['host', 'why', 'web'])).answer, /the machine was stolen/);
  // Whoever is not revoked is served as before, by the same relay.
  await publish('2.0.0');
  await deploy('2.0.0');
  assert.deepEqual([page('web'), page('spare')], ['1.0.0', '2.0.0']);

  const log = (): string => readFileSync(at('logs', 'web.log'), 'utf8');
  const isTurnedAway = (said: string): boolean =>
    said.includes(`"${relayUrl} does not serve this environment."`);
  await waitUntil(() => isTurnedAway(log()), 20_000, 'the revoked host to be turned away');
  await xylem.end('root', 'SIGKILL');
  await xylem.end('relay', 'SIGKILL');
  const port = new URL(relayUrl).port;
  await xylem.start('relay', ['agent', 'run', '--state', at('relay'), '--listen', `127.0.0.1:${port}`]);
  await xylem.end('web', 'SIGKILL');
  const before = log().length;
  await xylem.start('web', ['agent', 'run', '--state', at('web')]);
  await waitUntil(
    () => isTurnedAway(log().slice(before)),
    30_000,
    'it to be turned away by a relay that was started anew, without a root server',
  );
  assert.equal(page('web'), '1.0.0', 'what it has it keeps');
});
