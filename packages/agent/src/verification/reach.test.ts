import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reachOf } from './reach.ts';

const own = ['10.1.2.3', 'fd00::3'];
const here = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', ...own];
const inside = ['10.1.2.4', '169.254.169.254', '192.168.0.1', '0.0.0.0', '::', 'fd00::4', 'fe80::1'];
const outside = ['93.184.216.34', '2606:4700::1'];

test('a host asks itself and the public network, and nothing of the networks around it', () => {
  const reach = reachOf(['here', 'public'], own);
  for (const address of [...here, ...outside]) assert.ok(reach(address), address);
  for (const address of inside) assert.ok(!reach(address), address);
});

test("root's word on a host opens and shuts", () => {
  const nothing = reachOf([], own);
  for (const address of [...here, ...outside, ...inside]) assert.ok(!nothing(address), address);
  const some = reachOf(['10.1.0.0/16', 'fd00::4'], []);
  for (const address of ['10.1.2.4', '::ffff:10.1.2.4', 'fd00::4']) assert.ok(some(address), address);
  for (const address of ['10.2.0.1', '127.0.0.1', 'fd00::5', ...outside]) assert.ok(!some(address), address);
  for (const wrong of ['10.1.0.0/33', '10.1', 'fd00::1/129'])
    assert.throws(() => reachOf([wrong], []), { code: 'E_INPUT', message: /found "/ }, wrong);
});
