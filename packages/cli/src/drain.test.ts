import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { ReparentingDetail, Topology } from '@xylem/root/contract';
import {
  program,
  removeLater,
  startNode,
  startRoot,
  tempFolder,
  waitUntil,
  xylemEntry,
} from '@xylem/testkit';

const environment = 'acme/production';
const hosts = ['h1', 'h2', 'h3'];

function moved({ state, hostList }: ReparentingDetail): string[] {
  assert.equal(state, 'done');
  return hostList.map(({ name, state: of }) => (of === 'moved' ? name : `${name} ${of}`)).sort();
}

test('a relay two levels down is drained and one above it replaced while releases go out, and those that were left may die', {
  timeout: 180_000,
}, async (t) => {
  const folder = await tempFolder(t, 'drain');
  const at = (...names: string[]): string => [folder, ...names].join('/');
  const xylem = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
  removeLater(t, () => xylem.stop());
  const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
  const { nodesUrl } = await startRoot(xylem, at('root'), 'acme');
  writeFileSync(at('production.yaml'), `environment: ${environment}\nproducts:\n  shop: {}\n`);
  await json(`env create ${environment} --file ${at('production.yaml')}`);
  const relay = async (name: string, parent: string): Promise<string> => {
    const url = await startNode(xylem, { name, environment, state: at(name), parent, serve: true });
    assert.ok(url, `${name} serves`);
    return url;
  };
  const west = await relay('west', nodesUrl);
  const westLow = await relay('west-low', west);
  const east = await relay('east', nodesUrl);
  const eastLow = await relay('east-low', east);
  for (const name of hosts) await startNode(xylem, { name, environment, state: at(name), parent: westLow });
  const release = async (version: string): Promise<void> => {
    mkdirSync(at('package', 'tree'), { recursive: true });
    writeFileSync(at('package', 'tree', 'page'), version);
    const manifest = `product: shop\ncomponent: web\nversion: ${version}\nfolder: tree\n`;
    writeFileSync(at('package', 'xylem.yaml'), manifest);
    await json(`package publish ${at('package')}`);
    await json(`release create shop@${version} --with web@${version}`);
    await json(`deploy shop@${version} --to ${environment} --strategy all-at-once --yes`);
  };
  const arrived = (version: string): Promise<unknown> =>
    waitUntil(
      async () => {
        const { hosts: all } = await json<{ hosts: { name: string; state: string }[] }>('host list');
        const isThere = (name: string): boolean =>
          readFileSync(at(name, 'components/web/current/page'), 'utf8') === version;
        return all.every(({ name, state }) => !hosts.includes(name) || (state === 'ok' && isThere(name)));
      },
      60_000,
      `all hosts to run ${version}, and the root server to know`,
    );
  const parents = async (): Promise<Record<string, string | null>> => {
    const { nodes } = await json<Topology>('topology');
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    return Object.fromEntries(
      nodes.map(({ name, parent }) => [name, parent === null ? null : (names.get(parent) ?? null)]),
    );
  };
  await release('1.0.0');
  await arrived('1.0.0');

  const draining = json<ReparentingDetail>(`relay drain west-low --to ${eastLow} --batch 1 --yes --watch`);
  await release('2.0.0');
  const drained = await draining;
  assert.deepEqual(moved(drained), hosts);
  await arrived('2.0.0');
  for (const name of ['west-low', 'west']) await xylem.end(name, 'SIGKILL');

  await relay('north', nodesUrl);
  await waitUntil(
    async () =>
      (await json<Topology>('topology')).nodes.some(({ name, url }) => name === 'north' && url !== null),
    20_000,
    'the root server to know where north serves',
  );
  const replaced = await json<ReparentingDetail>('relay replace east --by north --yes --watch');
  assert.deepEqual(moved(replaced), ['east-low', 'north']);
  await xylem.end('east', 'SIGKILL');
  await release('3.0.0');
  await arrived('3.0.0');
  const now = await parents();
  assert.deepEqual(
    hosts.map((name) => now[name]),
    hosts.map(() => 'east-low'),
  );
  assert.equal(now['east-low'], 'north');
});
