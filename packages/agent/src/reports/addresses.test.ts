import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressLimits } from '@xylem/core';
import { stayingAddresses } from './addresses.ts';

test('other addresses are said once they have stayed; the first at once, and none never', () => {
  let nowMs = 0;
  let own: readonly string[] = ['127.0.0.1'];
  const addresses = stayingAddresses({ monotonicMs: () => nowMs }, () => own);
  const after = (ms: number, ...now: readonly string[]) => {
    nowMs += ms;
    own = now;
    return addresses().join();
  };
  assert.equal(addresses().join(), '');
  assert.equal(after(1, '10.0.0.1'), '10.0.0.1');
  assert.equal(after(500_000, '10.0.0.2'), '10.0.0.1', 'it was just seen');
  assert.equal(after(addressLimits.stayMs - 1, '10.0.0.2'), '10.0.0.1');
  assert.equal(after(1, '10.0.0.3'), '10.0.0.1', 'another again');
  assert.equal(after(addressLimits.stayMs - 1, '10.0.0.1'), '10.0.0.1');
  assert.equal(after(1, '10.0.0.3'), '10.0.0.1');
  assert.equal(after(addressLimits.stayMs, '10.0.0.3'), '10.0.0.3');
  assert.equal(after(1, 'fe80::1'), '10.0.0.3');
});
