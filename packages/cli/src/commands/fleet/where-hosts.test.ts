import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from '../../api/client.ts';
import { hostsRunning } from './where-hosts.ts';

const host = (name: string) => ({
  id: name.repeat(32),
  name,
  environment: { id: 'e', name: 'acme/production' },
  component: 'web',
  version: '1.0.0',
  healthy: true,
  state: 'ok',
});
const pages = [
  { hosts: [host('a')], next: 'p1' },
  { hosts: [], next: 'p2' },
  { hosts: [host('b'), host('c')], next: 'p3' },
  { hosts: [host('d')], next: null },
];
const chosen = {
  env: undefined,
  hosts: true,
  component: 'web',
  version: undefined,
  state: undefined,
} as const;
const options = { ...chosen, where: undefined, limit: undefined, all: false, after: undefined } as const;

function server(): { readonly api: Api; readonly asked: object[] } {
  const asked: object[] = [];
  const call = async (_: string, { query }: { readonly query: object }) => {
    asked.push(query);
    return pages[asked.length - 1];
  };
  return { api: { call } as unknown as Api, asked };
}

test('pages are asked for until there are as many hosts as are wanted, or all', async () => {
  const some = server();
  const { data, text } = await hostsRunning(some.api, 'shop', { ...options, limit: 3 });
  assert.deepEqual(
    (data as { hosts: { name: string }[] }).hosts.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(some.asked, [
    { component: 'web', limit: '3' },
    { component: 'web', limit: '2', after: 'p1' },
    { component: 'web', limit: '2', after: 'p2' },
  ]);
  assert.match(typeof text === 'string' ? text : text(), /3 hosts\nThere may be more: --after p3$/);
  const every = await hostsRunning(server().api, 'shop', { ...options, all: true, limit: 1 });
  assert.match(typeof every.text === 'string' ? every.text : every.text(), /4 hosts$/);
});

test('a root server that goes in a circle is left', async () => {
  const api = { call: async () => ({ hosts: [], next: 'p1' }) } as unknown as Api;
  await assert.rejects(hostsRunning(api, 'shop', options), { code: 'E_UNSUPPORTED' });
});
