import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail, Topology } from '@xylem/root/contract';
import { startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from './testing/pages.ts';

test('a running host becomes a relay, and a plain host again', { timeout: 120_000 }, async (t) => {
  const here = await operatorHere(t, 'serve');
  const { at, xylem, json } = here;
  const shop = pages(here);
  const urlOfRelay = async (): Promise<string | null> =>
    (await json<Topology>('topology')).nodes.find(({ name }) => name === 'relay')?.url ?? null;
  const parentOfWeb = async (): Promise<string | null> =>
    (await json<HostDetail>('host show web')).parent?.url ?? null;
  const identity = (): { serve: boolean } =>
    JSON.parse(readFileSync(join(at('relay'), 'identity', 'host.json'), 'utf8')) as { serve: boolean };
  const deploy = async (version: string): Promise<void> => {
    await shop.publish(version);
    await shop.deploy(version);
    assert.equal(shop.shown(), version);
  };
  const run = async (name: string, words: string): Promise<{ url?: string }> => {
    const line = `agent run --state ${at(name)}${words}`;
    return (await xylem.start(name, line.split(' '))) as { url?: string };
  };
  const start = async (name: string, words: string): Promise<{ url?: string }> => {
    const { token } = await json<{ token: string }>(`token create --env production --label role=${name}`);
    await json(`join ${nodesUrl} --token ${token} --name ${name} --state ${at(name)}`);
    return await run(name, words);
  };

  const { nodesUrl } = await startRoot(xylem, at('root'), 'acme');
  await pagesEnvironment(here, pagesYaml('role = web'));
  const plain = await start('relay', ' --listen 127.0.0.1:0');
  assert.equal(plain.url, undefined, 'a plain host does not listen');
  await start('web', '');
  await deploy('1.0.0');

  await json('host serve relay');
  const url = await waitUntil(urlOfRelay, 30_000, 'the relay to say where it serves');
  assert.equal(identity().serve, true);
  await json(`host move web --parent ${url} --watch`);
  await waitUntil(async () => (await parentOfWeb()) === url, 30_000, 'the host to move below the relay');
  await deploy('2.0.0');
  assert.equal(await parentOfWeb(), url);

  await xylem.end('relay', 'SIGTERM');
  await assert.rejects(run('relay', ` --listen ${new URL(nodesUrl).host}`), /ended with 8/, 'a taken port');
  assert.equal((await run('relay', ` --listen ${new URL(url).host}`)).url, url, 'a relay after a restart');

  await json('host move web --as-joined --watch');
  await waitUntil(async () => (await parentOfWeb()) === nodesUrl, 30_000, 'the host to be back');
  await json('host serve relay --stop');
  await waitUntil(async () => (await urlOfRelay()) === null, 30_000, 'the relay to be a plain host');
  assert.equal(await isOpen(url), false);
  await waitUntil(() => !identity().serve, 10_000, 'the certificate of a plain host');
  await deploy('3.0.0');
});

async function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
