import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlainBeyondLoopback } from './plain-http.ts';

test('plain HTTP is known as such beyond loopback, however the address is written', () => {
  for (const url of [
    'https://relay:1',
    'http://127.0.0.1:80',
    'http://127.1:80/x',
    'http://localhost',
    'http://[::1]:8080',
    'http://2130706433/',
  ]) {
    assert.equal(isPlainBeyondLoopback(url), false, url);
  }
  for (const url of [
    'http://relay:1',
    'http://10.0.0.1',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://127.0.0.1@10.0.0.1/',
    'http://[2001:db8::1]',
    'http://0.0.0.0',
    'ftp://127.0.0.2.example',
    'no address',
  ]) {
    assert.equal(isPlainBeyondLoopback(url), true, url);
  }
});
