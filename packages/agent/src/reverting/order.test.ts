import assert from 'node:assert/strict';
import { access, mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { acceptedFile } from '../direction/accepted-file.ts';
import type { Accepted } from '../direction/wanted.ts';
import { slotFile } from '../slot/record.ts';
import { stateLayout } from '../state/layout.ts';
import { testPackage } from '../testing/packages.ts';
import { orderRevert } from './order.ts';

test('a return to a version that a database has lost the shape of is refused, and nothing is ordered', async (t) => {
  const stateFolder = await tempFolder(t);
  const layout = stateLayout(stateFolder);
  const version = (name: string, from: number, to: number) => {
    const { files: _files, ...made } = testPackage({ component: 'api', version: name, files: { name } });
    const migrations = { database: 'shop', accepts: { from, to } };
    return {
      ...made,
      document: { ...made.document, format: 'xylem-package-2', needs: ['migrations'], migrations },
    };
  };
  const [former, present] = [version('1.0.0', 0, 3), version('2.0.0', 3, 6)];
  await mkdir(layout.component('api').folder, { recursive: true });
  const record = { installed: present, since: '', previous: [former], refused: null };
  await slotFile(layout.component('api').slot, silentLog).write(record as never);
  const order = async (oldest: number) => {
    const accepted = {
      components: [present],
      held: [],
      purge: [],
      snapshot: 1,
      number: 1,
      keepPrevious: 1,
      floors: {},
      schemas: { shop: { oldest, newest: 6 } },
    };
    await acceptedFile(layout.accepted, silentLog).write(accepted as unknown as Accepted);
    const common = { stateFolder, product: 'shop', clock: systemClock, log: silentLog };
    return await orderRevert({ ...common, reason: 'it is slow', by: 'anna' });
  };
  await assert.rejects(order(5), {
    code: 'E_MIGRATION_CONTRACTED',
    message: /Nothing was changed: api 1\.0\.0/,
  });
  await assert.rejects(access(layout.reverts));
  assert.deepEqual(await order(3), [{ component: 'api', to: '1.0.0' }]);
});
