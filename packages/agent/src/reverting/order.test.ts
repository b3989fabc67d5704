import assert from 'node:assert/strict';
import { access, mkdir } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { type Clock, formatTime, silentLog, systemClock } from '@xylem/platform';
import { tempFolder, testClock } from '@xylem/testkit';
import { acceptedFile } from '../direction/accepted-file.ts';
import type { Accepted } from '../direction/wanted.ts';
import { slotFile } from '../slot/record.ts';
import { stateLayout } from '../state/layout.ts';
import { testPackage } from '../testing/packages.ts';
import { orderRevert } from './order.ts';
import { revertsFile } from './reverts.ts';

const version = (name: string, from: number, to: number) => {
  const { files: _files, ...made } = testPackage({ component: 'api', version: name, files: { name } });
  const migrations = { database: 'shop', accepts: { from, to } };
  return {
    ...made,
    document: { ...made.document, format: 'xylem-package-2', needs: ['migrations'], migrations },
  };
};

/** A host that runs 2.0.0 after 1.0.0, and what direction says to it. */
async function host(t: TestContext) {
  const stateFolder = await tempFolder(t);
  const layout = stateLayout(stateFolder);
  const [former, present] = [version('1.0.0', 0, 3), version('2.0.0', 3, 6)];
  await mkdir(layout.component('api').folder, { recursive: true });
  const record = { installed: present, since: '', previous: [former], refused: null };
  await slotFile(layout.component('api').slot, silentLog).write(record as never);
  const order = async (clock: Clock, more: object) => {
    const accepted = {
      components: [present],
      held: [],
      purge: [],
      snapshot: 1,
      number: 1,
      keepPrevious: 1,
      floors: {},
      entry: { labels: {} },
      ...more,
    };
    await acceptedFile(layout.accepted, silentLog).write(accepted as unknown as Accepted);
    const common = { stateFolder, product: 'shop', clock, log: silentLog };
    return await orderRevert({ ...common, reason: 'it is slow', by: 'anna' });
  };
  return { layout, order };
}

test('a return to a version that a database has lost the shape of is refused, and nothing is ordered', async (t) => {
  const { layout, order } = await host(t);
  const schemas = (oldest: number) => ({ schemas: { shop: { oldest, newest: 6 } } });
  await assert.rejects(order(systemClock, schemas(5)), {
    code: 'E_MIGRATION_CONTRACTED',
    message: /Nothing was changed: api 1\.0\.0/,
  });
  await assert.rejects(access(layout.reverts));
  assert.deepEqual(await order(systemClock, schemas(3)), [{ component: 'api', to: '1.0.0' }]);
});

test('a return that is ordered in the second of one that direction undoes is another one', async (t) => {
  const clock = testClock();
  for (const [undoneMs, sinceMs] of [
    [clock.now(), clock.now() + 1_000],
    [clock.now() - 1_000, clock.now()],
  ] as const) {
    const { layout, order } = await host(t);
    await order(clock, { entry: { labels: {}, undo: { shop: formatTime(undoneMs) } } });
    const { reverts } = (await revertsFile(layout.reverts, silentLog).read()) ?? assert.fail();
    assert.deepEqual(
      reverts.map(({ since }) => since),
      [formatTime(sinceMs)],
    );
  }
});
