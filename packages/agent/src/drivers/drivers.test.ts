import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { drivers } from './index.ts';

const parts = ['index.ts', 'observe.ts', 'plan.ts', 'apply.ts', 'contract.test.ts', 'crash-sweep.test.ts'];

test('every driver has the same parts, the contract suite and the crash sweep among them', () => {
  for (const kind of Object.keys(drivers)) {
    const missing = parts.filter((part) => !existsSync(join(import.meta.dirname, kind, part)));
    assert.deepEqual(missing, [], kind);
  }
});
