import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Invocation } from '../../frame/define.ts';
import { command } from './list.ts';

const ids = ['a', 'b', 'c', 'd', 'e'];
interface Query {
  readonly after?: string;
  readonly limit: string;
}

/** `host list` of a root server that answers so. */
async function listed(answer: (query: Query) => { hosts: { id: string }[]; total: number }) {
  const asked: (string | undefined)[] = [];
  const call = async (_operation: string, { query }: { query: Query }) => {
    asked.push(query.after);
    return answer(query);
  };
  const invocation = { args: [], options: { retired: false }, api: async () => ({ call }) };
  const outcome = await command.run(invocation as unknown as Invocation);
  assert.ok(outcome);
  const { hosts } = outcome.data as { hosts: { id: string }[] };
  return { ids: hosts.map(({ id }) => id), asked };
}

/** Gives at most so many a page, whatever it is asked for. */
const pages =
  (size: number, known = ids) =>
  ({ after = '', limit }: Query) => {
    const behind = known.filter((id) => id > after).slice(0, Math.min(size, Number(limit)));
    return { hosts: behind.map((id) => ({ id })), total: known.length };
  };

test('a page that is shorter than was asked for is not taken for the last one', async () => {
  assert.deepEqual(await listed(pages(2)), { ids, asked: [undefined, 'b', 'd', 'e'] });
});

test('what one page holds is asked for once', async () => {
  assert.deepEqual(await listed(pages(1000)), { ids, asked: [undefined] });
  assert.deepEqual(await listed(pages(1000, [])), { ids: [], asked: [undefined] });
});

test('hosts that are retired meanwhile do not hide those behind them', async () => {
  const answer = (query: Query) =>
    pages(2, query.after === undefined ? ids : ids.slice(3))({ ...query, after: query.after ?? '' });
  assert.deepEqual((await listed(answer)).ids, ['a', 'b', 'd', 'e']);
});

test('a root server that goes in a circle is not followed', async () => {
  const answer = () => ({ hosts: [{ id: 'a' }, { id: 'b' }], total: 5 });
  await assert.rejects(listed(answer), { code: 'E_UNSUPPORTED' });
});
