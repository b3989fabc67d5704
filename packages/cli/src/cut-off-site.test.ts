import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

const leap = ['--import', join(import.meta.dirname, 'testing', 'leap.ts')];
const metrics = `
require('node:https').get('https://127.0.0.1:8442/metrics', { rejectUnauthorized: false }, (answer) =>
  answer.pipe(process.stdout));`;
/** docs/spec/failover.md, Cut off: when what is new is taken again, and 15 s for it to come on a busy machine. */
const backWithinMs = 60_000 + 15_000;

test('a site that no packet reaches starts anew, mends its hosts, says that it is cut off, and catches up', {
  timeout: 300_000,
}, async (t) => {
  const here = await labHere(t, 'cut-off-site');
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  const place = await lab.node('site');
  const relay = here.on(place);
  const url = 'https://site.lab:8442';
  const listen = { listen: '[::]:8442', url };
  await startNode(relay, { name: 'site', environment, state: at('site'), operator, serve: true, listen });
  const startBelow = async (name: string) => {
    const node = await lab.node(name);
    const xylem = here.on(node);
    await startNode(xylem, { name, environment, state: at(name), operator, parent: url });
    return { name, node, xylem };
  };
  const below = [await startBelow('h1'), await startBelow('h2')];
  const file = (name: string): string => readFileSync(at(name, 'components/web/current/file'), 'utf8');
  const doctor = (xylem: typeof relay, name: string): Promise<string> =>
    xylem.show(['agent', 'doctor', '--state', at(name)]).catch(String);
  const metric = async (name: string): Promise<number> => {
    const shown = await place.run([process.execPath, '-e', metrics]);
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(shown)?.[1]);
  };
  await here.arrive('1.0.0', 'one');

  // The power of the site goes. When it is back its line is dead, and of a host all that was installed is lost.
  await lab.cut(here.root);
  for (const { node } of [{ node: place }, ...below]) await node.kill();
  rmSync(at('h2', 'components'), { recursive: true });
  const words = ['agent', 'run', '--state', at('site'), '--listen', listen.listen, '--url', url];
  await relay.start('site', words, leap);
  for (const { name, xylem } of below) await xylem.start(name, ['agent', 'run', '--state', at(name)]);
  await here.release('2.0.0', 'two');
  await waitUntil(() => file('h2') === 'one', 30_000);
  assert.equal(file('h1'), 'one');

  process.kill(relay.pidOf('site'), 'SIGUSR2');
  const log = (): string => readFileSync(at('logs-site', 'site.log'), 'utf8');
  await waitUntil(() => log().includes('E_CUT_OFF'), 60_000);
  assert.ok((await metric('xylem_since_root_seconds')) > 600);
  assert.equal(await metric('xylem_spooled_reports'), 3, 'one of each, whatever happened');
  assert.match(await doctor(relay, 'site'), /NOT +parent +https:\/\/root\.lab:8441 does not answer: \S/);
  for (const { name, xylem } of below)
    assert.match(
      await doctor(xylem, name),
      /NOT +parent +Cut off from the root server for 1\d minutes, by its own word, although https:\/\/site\.lab:8442 answers/,
    );

  await lab.mend(here.root);
  await waitUntil(() => below.every(({ name }) => file(name) === 'two'), backWithinMs, '2.0.0 on the hosts');
  const shown = async (name: string) => (await operator.command(['host', 'show', name])) as HostDetail;
  for (const name of ['site', 'h1', 'h2'])
    await waitUntil(
      async () => {
        const { state, waiting, components } = await shown(name);
        return state === 'ok' && waiting.length === 0 && components[0]?.version === '2.0.0';
      },
      30_000,
      `the root server to know of ${name}`,
    );
  await waitUntil(async () => (await metric('xylem_spooled_reports')) === 0, 30_000, 'an empty spool');
  assert.ok((await metric('xylem_since_root_seconds')) < 600);
  for (const { name, xylem } of below)
    await waitUntil(
      async () => /The root server has signed for the newest report/.test(await doctor(xylem, name)),
      60_000,
      `${name} to hear that its report has arrived`,
    );
  const { total } = (await operator.command(['host', 'list'])) as { total: number };
  assert.equal(total, 3);
});
