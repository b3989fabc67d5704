import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import { readLines, writeLine } from './lines.ts';
import { supervisorSocketPath } from './socket-path.ts';
import { stopServices } from './stop-services.ts';

for (const last of ['list', 'handover']) {
  test(`a supervisor that ends while it is asked to ${last} is no fault`, async (context) => {
    const stateFolder = await temporaryFolder(context);
    const path = supervisorSocketPath(stateFolder);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const ending = createServer((socket) => {
      readLines(socket, (value) => {
        const { id, op } = value as { id: number; op: string };
        if (op === last) socket.destroy();
        else writeLine(socket, { id, ok: true, result: [] });
      });
      socket.on('error', () => socket.destroy());
    });
    ending.listen(path);
    await once(ending, 'listening');
    cleanUp(context, () => ending.close());
    assert.equal(await stopServices({ stateFolder, clock: systemClock, log: silentLog }), 0);
  });
}
