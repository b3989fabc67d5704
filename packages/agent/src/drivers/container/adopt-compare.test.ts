import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerDifferences } from './adopt-compare.ts';
import type { InspectedContainer } from './adopt-inspected.ts';

type Bindings = NonNullable<InspectedContainer['HostConfig']['PortBindings']>;

/** As podman 4.3 shows one, with the ports and the networks given. */
function inspected(ports: Bindings, networks: readonly string[], more: object = {}): InspectedContainer {
  return {
    Id: 'a'.repeat(64),
    Name: 'shop',
    Path: '/bin/shop',
    Args: [],
    Image: 'b'.repeat(64),
    State: { Status: 'running', Pid: 7 },
    NetworkSettings: { Networks: Object.fromEntries(networks.map((name) => [name, {}])) },
    Config: { Env: ['TERM=xterm', 'HOSTNAME=aaaaaaaaaaaa'], Hostname: 'aaaaaaaaaaaa' },
    HostConfig: { NetworkMode: 'bridge', PortBindings: ports, SecurityOpt: [], PidsLimit: 2048, ...more },
  };
}

test('a port published elsewhere, one besides, and another network are differences', () => {
  const at = (HostIp: string, HostPort: string) => [{ HostIp, HostPort }];
  const expected = inspected({ '80/tcp': at('', '8080'), '53/udp': at('127.0.0.1', '53') }, ['podman']);
  const same = inspected({ '53/udp': at('127.0.0.1', '53'), '80/tcp': at('0.0.0.0', '8080') }, ['podman']);
  assert.deepEqual(containerDifferences(same, expected), []);
  const other = inspected({ '80/tcp': at('', '8080'), '53/udp': at('', '53') }, ['shop-net']);
  assert.deepEqual(containerDifferences(other, expected), [
    { path: 'its network', what: 'is bridge shop-net, expected bridge podman' },
    { path: 'its port 127.0.0.1:53 to 53/udp', what: 'is not published' },
    { path: 'its port 53 to 53/udp', what: 'is published besides', extra: true },
  ]);
});

test('what confines the next start alone is no difference, what confines this one alone is', () => {
  const expected = inspected({}, ['podman'], { SecurityOpt: ['no-new-privileges'] });
  assert.deepEqual(containerDifferences(inspected({}, ['podman'], { SecurityOpt: [] }), expected), []);
  const loose = inspected({}, ['podman'], { SecurityOpt: ['seccomp=unconfined'], Privileged: true });
  assert.deepEqual(containerDifferences(loose, expected), [
    { path: 'its privileges', what: 'is another' },
    { path: 'its security options', what: 'is another' },
  ]);
});
