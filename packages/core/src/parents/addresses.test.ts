import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressLimits, parseSubnets, saidAddresses } from './addresses.ts';

test('a host says its unicast addresses: private ones too, of IPv6 the network, none of its own machine or link', () => {
  const own = [
    '127.0.0.1',
    '192.168.7.9',
    '10.1.2.3',
    '169.254.3.4',
    '0.0.0.0',
    '224.0.0.1',
    '240.0.0.1',
    '::1',
    'fe80::1%eth0',
    'ff02::1',
    '::ffff:10.9.9.9',
    '2001:db8:1:2:aaaa:bbbb:cccc:dddd',
    '2001:db8:1:2::7',
    '2001:db8::5',
    '2001::1:2:3:4',
    'fd12:3456:789a:1:2:3:4:5',
    'eth0',
  ];
  assert.deepEqual(saidAddresses(own), [
    '10.1.2.3',
    '192.168.7.9',
    '2001::',
    '2001:db8:1:2::',
    '2001:db8::',
    'fd12:3456:789a:1::',
  ]);
  const many = Array.from({ length: 100 }, (_, at) => `10.0.0.${200 - at}`);
  const said = saidAddresses(many);
  assert.equal(said.length, addressLimits.said);
  assert.ok(said.includes('10.0.0.200') && !said.includes('10.0.0.101'), 'the first of the system');
});

test('subnets of both kinds hold their addresses alone', () => {
  const { hold } = parseSubnets(['10.1.0.0/16', '192.0.2.7', '2001:db8:1::/48', 'fd00::/8']);
  for (const address of ['10.1.255.255', '192.0.2.7', '2001:db8:1:ffff::', 'fdab::'])
    assert.ok(hold([address]), address);
  for (const address of ['10.2.0.0', '192.0.2.8', '2001:db8:2::', 'fc00::', '', '10.1.0.0/16'])
    assert.ok(!hold([address]), address);
  assert.ok(hold(['10.2.0.0', '10.1.0.0']));
  assert.ok(!hold([]));
  assert.ok(parseSubnets([]).hold([]), 'none named: every host');
  assert.ok(parseSubnets(['0.0.0.0/0']).hold(['10.2.0.0']));
});

test('what is no subnet, or finer than what hosts say, is refused', () => {
  for (const bad of [
    '',
    '10.1.0.0/33',
    '10.1.0.0/',
    '10.1/16',
    '10.1.0.0/1x',
    '10.1.0.0/-1',
    '2001:db8::/65',
    '2001:db8::1',
    'site',
  ])
    assert.throws(() => parseSubnets([bad]), { code: 'E_INPUT' }, bad);
});
