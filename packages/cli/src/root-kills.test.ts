import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment, ResponseOf } from '@xylem/root/contract';
import { startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from './testing/operator-here.ts';
import { pages, pagesYaml } from './testing/pages.ts';

const { XYLEM_KILLS: kills = '3', XYLEM_SEED: seed = '1' } = process.env;
const environments = ['acme/staging', 'acme/production'];
const plan = `release: shop@2.0.0\nstages:\n${environments.map((to, at) => `  - { name: stage-${at}, to: ${to} }\n`).join('')}`;

/** From 0 up to 1, the same for the same words. */
const drawn = (what: string): number =>
  createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE() / 2 ** 32;

test('a root server that is killed again and again brings a plan through its stages once, and a recall takes it back once', {
  timeout: 240_000,
}, async (t) => {
  t.diagnostic(`${kills} kills each, seed ${seed}`);
  const here = await operatorHere(t, 'root-kills');
  const { at, xylem, json } = here;
  const { publish, shown } = pages(here);
  const { apiUrl, nodesUrl } = await startRoot(xylem, at('root'), 'acme');
  const addresses = ['--api', new URL(apiUrl).host, '--listen', new URL(nodesUrl).host];
  const hosts = environments.map((environment) => ({ environment, host: environment.slice(5) }));
  for (const { environment, host } of hosts) {
    writeFileSync(at(`${host}.yaml`), pagesYaml('all').replace('acme/production', environment));
    await json(['env', 'create', environment, '--file', at(`${host}.yaml`)]);
    await startNode(xylem, { name: host, environment, state: at(host) });
  }
  for (const version of ['1.0.0', '2.0.0']) await publish(version);
  for (const { environment } of hosts)
    await json(`deploy shop@1.0.0 --to ${environment} --watch --yes --timeout 60`);
  const killed = async (during: string): Promise<void> => {
    for (let count = 0; count < Number(kills); count += 1) {
      await delay(drawn(`${during} ${count}`) * 1_000);
      await xylem.end('root', 'SIGKILL');
      await xylem.start('root', ['root', 'run', '--state', at('root'), ...addresses]);
    }
  };
  const deployments = async (kind: Deployment['kind']): Promise<Deployment[]> =>
    (await json<{ deployments: Deployment[] }>('deployment list')).deployments.filter(
      (one) => one.kind === kind && (one.version !== '1.0.0') === (kind === 'deploy'),
    );

  writeFileSync(at('plan.yaml'), plan);
  const made = await json<ResponseOf<'planCreate'>>(['plan', '--file', at('plan.yaml')]);
  await json(`deploy --plan ${made.id} --yes`);
  await killed('plan');
  await waitUntil(
    async () => (await json<ResponseOf<'planShow'>>(`plan show ${made.id}`)).state === 'finished',
    60_000,
    'the plan to finish',
  );
  assert.deepEqual(
    hosts.map(({ host }) => shown(host)),
    ['2.0.0', '2.0.0'],
  );
  const brought = await deployments('deploy');
  assert.deepEqual(brought.map(({ environment }) => environment.name).sort(), environments.toSorted());
  for (const { id } of brought)
    assert.equal((await json<{ same: boolean }>(`deployment replay ${id}`)).same, true, id);

  await json(['recall', 'shop@2.0.0', '--reason', 'It loses orders.', '--yes']);
  await killed('recall');
  await waitUntil(
    async () => (await json<ResponseOf<'recallShow'>>('recall show shop@2.0.0')).state === 'done',
    60_000,
    'the recall to be done',
  );
  assert.deepEqual(
    hosts.map(({ host }) => shown(host)),
    ['1.0.0', '1.0.0'],
  );
  const back = await deployments('rollback');
  assert.deepEqual(back.map(({ environment }) => environment.name).sort(), environments.toSorted());
});
