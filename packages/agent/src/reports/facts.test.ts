import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostId } from '@xylem/core';
import { testClock } from '@xylem/testkit';
import { hostFacts, reportedFacts } from './facts.ts';

test('of what seldom changes reports say what was so ten minutes ago at most, of the rest what is so now', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-facts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const state = join(folder, 'state');
  mkdirSync(state);
  const clock = testClock();
  let addresses: readonly string[] = [];
  const facts = reportedFacts(state, 'a'.repeat(32) as HostId, clock, () => addresses);
  const first = await facts();
  assert.equal(first.addresses, undefined);
  const { boot, ...rest } = first;
  assert.match(boot ?? '', /^[0-9a-f]{32}$/);
  assert.deepEqual(Object.keys(rest).sort(), Object.keys(await hostFacts(state)).sort());

  // As on a machine that got another state folder in place of its own.
  renameSync(state, join(folder, 'before'));
  mkdirSync(state);
  addresses = ['192.0.2.7'];
  const soon = await facts();
  assert.equal(soon.boot, boot);
  assert.deepEqual(soon.addresses, ['192.0.2.7']);
  await clock.advance(600_000);
  assert.notEqual((await facts()).boot, boot);
});
