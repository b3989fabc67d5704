import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Api } from '../../api/client.ts';
import { auditPages } from './shared.ts';

test('a root server that shows one page for ever is not followed', async () => {
  const page = { entries: [{ entry: { sequence: 3 }, hash: '' }], checkpoints: [] };
  const api = { call: async () => page } as unknown as Api;
  const reading = async (): Promise<number> => {
    let pages = 0;
    for await (const _ of auditPages(api, {})) {
      pages += 1;
      assert.ok(pages < 10, 'it goes on');
    }
    return pages;
  };
  await assert.rejects(reading, { code: 'E_AUDIT_BROKEN' });
});
