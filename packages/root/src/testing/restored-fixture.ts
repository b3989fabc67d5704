import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { removeLater, tempFolder } from '@xylem/testkit';
import { restoreRoot } from '../backup/restore.ts';
import { apiClient } from './api-client.ts';
import { type RootFixture, run } from './root-fixture.ts';

/** Stops a root server and runs another one in its stead, restored from a backup of it. */
export async function restoredFixture(
  t: Pick<TestContext, 'after'>,
  root: RootFixture,
  backup: string,
  databaseUrl?: string,
): Promise<RootFixture> {
  await root.running().close();
  const folder = join(await tempFolder(t, 'restored'), 'state');
  await restoreRoot({
    backup,
    stateFolder: folder,
    clock: root.clock,
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  let running = await run(folder, root.clock);
  removeLater(t, () => running.close());
  return {
    ...root,
    folder,
    running: () => running,
    api: apiClient(() => running.apiUrl, root.token),
    restart: async () => {
      await running.close();
      running = await run(folder, root.clock);
    },
  };
}
