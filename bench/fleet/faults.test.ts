import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLog, systemClock } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { faultsIn } from './faults.ts';

test('warnings and errors of the logs of a root server and its relays are counted by what they say', async (t) => {
  const logs = await tempFolder(t);
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => lines.push(line) }, systemClock);
  log.info('serves new state', { said: '"level":"warn"' });
  log.warn('object refused', { error: Object.assign(new Error('no'), { code: 'E_NETWORK' }) });
  log.error('request failed');
  for (const name of ['root', 'relay-1', 'relay-2'])
    await writeFile(join(logs, `${name}.log`), lines.join(''));
  assert.deepEqual(
    [...(await faultsIn({ logs }, ['root', 'relay-1', 'relay-2']))],
    [
      ['root server, object refused: E_NETWORK', 1],
      ['root server, request failed', 1],
      ['relay, object refused: E_NETWORK', 2],
      ['relay, request failed', 2],
    ],
  );
});
