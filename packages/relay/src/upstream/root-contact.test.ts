import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClock } from '@xylem/testkit';
import { RootContact } from './root-contact.ts';

const cutOffMs = 600_000;

function contactOf() {
  const clock = testClock();
  const told: string[] = [];
  const contact = new RootContact({
    clock,
    cutOffMs,
    onCutOff: (fault) => told.push(fault?.message.replace(/ since .*Z/, '') ?? 'whole'),
  });
  return { clock, contact, told };
}

test('of several parents the one that heard of the root server last counts, and the time since is added', async () => {
  const { clock, contact, told } = contactOf();
  contact.said('https://a', 50_000);
  contact.said('https://b', 3_600_000);
  assert.equal(contact.sinceRootMs(), 50_000);
  await clock.advance(cutOffMs - 50_000);
  contact.said('https://b', 3_600_000);
  assert.deepEqual(told, []);
  await clock.advance(1);
  contact.said('https://b', 3_600_000);
  contact.silence();
  assert.deepEqual(told, ['Cut off from the root server, although https://b answers.'], 'it is said once');
  contact.said('https://a', 0);
  assert.deepEqual(told.slice(1), ['whole']);
});

test('silence counts from when the root server was heard of, and where nobody answered from the start', async () => {
  const { clock, contact, told } = contactOf();
  await clock.advance(cutOffMs);
  contact.silence();
  assert.deepEqual([contact.sinceRootMs(), told], [null, []]);
  await clock.advance(1);
  contact.silence();
  assert.deepEqual([contact.sinceRootMs(), told], [cutOffMs + 1, ['Cut off from the root server.']]);
  contact.said('https://a', 0);
  assert.deepEqual(told.splice(0).slice(1), ['whole']);
  await clock.advance(cutOffMs + 1);
  contact.silence();
  assert.deepEqual(told, ['Cut off from the root server.']);
  contact.said('https://old', undefined);
  assert.deepEqual([contact.sinceRootMs(), told.at(-1)], [null, 'whole']);
  await clock.advance(cutOffMs * 2);
  contact.silence();
  assert.deepEqual([contact.sinceRootMs(), told.length], [null, 2], 'an older parent never said');
});

test('it is said when the time has come, though no parent has answered or failed since', async () => {
  const { clock, contact, told } = contactOf();
  const over = new AbortController();
  const watching = contact.watch(over.signal);
  await clock.advance(cutOffMs);
  contact.said('https://a', 0);
  await clock.advance(cutOffMs / 2);
  contact.said('https://a', 0);
  await clock.advance(cutOffMs);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ['Cut off from the root server, although https://a answers.']);
  contact.said('https://a', 0);
  contact.silence();
  await clock.advance(cutOffMs + 1);
  assert.deepEqual(told.slice(1), ['whole', 'Cut off from the root server.']);
  over.abort();
  await watching;
});

test('a time that is no time is the beginning of all', () => {
  const { contact, told } = contactOf();
  contact.said('https://a', Number.MAX_SAFE_INTEGER);
  assert.deepEqual(told, ['Cut off from the root server, although https://a answers.']);
});
