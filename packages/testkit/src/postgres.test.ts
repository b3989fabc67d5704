import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres, run } from './index.ts';

test('a throwaway PostgreSQL answers, also after a crash', async (t) => {
  const server = await postgres(t);
  if ('skip' in server) return t.skip(server.skip);
  const url = await server.createDatabase('first');
  const sql = async (text: string): Promise<string> =>
    (await run('/usr/bin/psql', ['-X', '-A', '-t', '-c', text, url])).stdout.trim();
  await sql('create table kept as select 7 as seven');
  await server.crash();
  await server.restart();
  assert.equal(await sql('select seven from kept'), '7');
});
