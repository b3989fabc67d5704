import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOuterAddress, namesInnerAddress, outerLookup } from './addresses.ts';

const insides = [
  '127.0.0.1',
  '127.255.0.9',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:0:1::1',
];
const outsides = ['93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:4700::1', '2a00:1450:4001::1'];

test('addresses inside are known in every form', () => {
  for (const address of insides) assert.ok(!isOuterAddress(address), address);
  for (const address of outsides) assert.ok(isOuterAddress(address), address);
  assert.ok(!isOuterAddress('localhost'));
});

test('a URL that spells an address in numbers is seen through', () => {
  for (const host of ['127.0.0.1', '[::1]', '2130706433', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', '0'])
    assert.ok(namesInnerAddress(`http://${host}:8440/x`), host);
  for (const host of ['hooks.example', '93.184.216.34', 'localhost'])
    assert.ok(!namesInnerAddress(`http://${host}/`), host);
});

test('a name that leads inside is not found', async () => {
  for (const all of [true, false]) {
    const fault = await new Promise<Error | null>((resolve) =>
      outerLookup('localhost', { all }, (error) => resolve(error)),
    );
    assert.match(String(fault?.message), /localhost lies in a network inside/);
  }
});
