import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { interruptions, journalOf, parseJournal } from '../converge/journal.ts';
import { jsonFile } from './json-file.ts';
import { lockState } from './lock.ts';
import { identifyProcess } from './process-identity.ts';

test('a lock is held once, released, and taken over from a dead process', async (context) => {
  const path = join(await tempFolder(context), 'agent.lock');
  const lock = await lockState(path, systemRandomness);
  await assert.rejects(lockState(path, systemRandomness), { code: 'E_STATE_LOCKED' });
  await lock.release();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
  const identity = identifyProcess(child.pid ?? 0);
  await writeFile(path, JSON.stringify(identity));
  await assert.rejects(lockState(path, systemRandomness), { code: 'E_STATE_LOCKED' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await lockState(path, systemRandomness)).release();
  // The same pid with another start is another process.
  await writeFile(path, JSON.stringify({ ...identifyProcess(process.pid), startTicks: 1 }));
  await (await lockState(path, systemRandomness)).release();
  await writeFile(path, 'not JSON');
  await (await lockState(path, systemRandomness)).release();
});

test('of many that take a stale lock at once, one gets it', async (context) => {
  const folder = await tempFolder(context);
  for (let round = 0; round < 50; round += 1) {
    const path = join(folder, `agent-${round}.lock`);
    await writeFile(path, JSON.stringify({ pid: 4_000_000, startTicks: 1, boot: '' }));
    const takers = Array.from({ length: 8 }, () => lockState(path, systemRandomness));
    const taken = await Promise.allSettled(takers);
    assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 1);
  }
});

test('a damaged state file is set aside, a foreign format too', async (context) => {
  const path = join(await tempFolder(context), 'file.json');
  const file = jsonFile(path, 'xylem-test-1', (value) => ({ count: Number(value.count) }), silentLog);
  assert.equal(await file.read(), null);
  await file.write({ count: 3 });
  assert.deepEqual(await file.read(), { count: 3 });
  for (const damage of ['{"format":"xylem-test-1","cou', '{"format":"xylem-test-2","count":1}', 'null']) {
    await writeFile(path, damage);
    assert.equal(await file.read(), null);
    assert.equal(await readFile(`${path}.damaged`, 'utf8'), damage);
  }
});

test('a document that parses and is not as it was written is set aside; one of an older version counts', async (context) => {
  const path = join(await tempFolder(context), 'file.json');
  const file = jsonFile(path, 'xylem-test-1', (value) => ({ ...value }), silentLog);
  const value = { name: 'ä', list: [1, { 10: 'a', b: null }], digest: 'x' };
  await file.write(value);
  assert.deepEqual(await file.read(), { format: 'xylem-test-1', ...value });
  const text = await readFile(path);
  for (let at = 0; at < text.length; at += 1) {
    for (const bit of [1, 2, 16]) {
      const changed = Buffer.from(text);
      changed[at] = (changed[at] ?? 0) ^ bit;
      await writeFile(path, changed);
      const found = await file.read();
      // In the name of the checksum alone nothing is lost.
      if (found !== null) assert.deepEqual({ ...found, ...value }, found, changed.toString());
    }
  }
  await writeFile(path, '{"format":"xylem-test-1","count":1}');
  assert.deepEqual(await file.read(), { format: 'xylem-test-1', count: 1 });
});

test('a journal survives a torn line and counts what was cut off', async (context) => {
  const path = join(await tempFolder(context), 'web.jsonl');
  const journal = journalOf(path, systemClock);
  await journal.begin('start', 'one');
  await writeFile(path, `${await readFile(path, 'utf8')}{"step":"sta`);
  await journal.begin('start', 'one');
  await journal.begin('start', 'two');
  await journal.end('start', 'two');
  const entries = await journal.entries();
  assert.equal(entries.length, 4);
  assert.equal(interruptions(entries, 'start', 'one'), 2);
  assert.equal(interruptions(entries, 'start', 'two'), 0);
  await journal.close();
  assert.deepEqual(await journal.entries(), []);
  assert.deepEqual(parseJournal('\n{}\nnonsense\n{"step":"nowhere","fingerprint":""}\n'), []);
});
