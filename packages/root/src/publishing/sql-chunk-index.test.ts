import { join } from 'node:path';
import { after, test } from 'node:test';
import { chunkIndexContract } from '@xylem/store/contract';
import { cleanup, postgres, removeLater, tempFolder } from '@xylem/testkit';
import { openDatabase } from '../db/open.ts';
import { sqlChunkIndex } from './sql-chunk-index.ts';

const own = cleanup();
after(() => own.run());
const server = await postgres(own);
let count = 0;

chunkIndexContract('in SQLite', async () => {
  const db = await openDatabase({ kind: 'sqlite', file: join(await tempFolder(own, 'chunks'), 'root.db') });
  removeLater(own, () => db.destroy());
  return sqlChunkIndex(db);
});

if ('skip' in server) test('chunk index in PostgreSQL', { skip: server.skip }, () => undefined);
else {
  chunkIndexContract('in PostgreSQL', async () => {
    const url = await server.createDatabase(`chunks_${count++}`);
    const db = await openDatabase({ kind: 'postgres', url });
    removeLater(own, () => db.destroy());
    return sqlChunkIndex(db);
  });
}
