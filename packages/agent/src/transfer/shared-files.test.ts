import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { explainHost } from '../explain/explain.ts';
import { componentOf, reported, Site } from '../testing/site.ts';

test('a file of two packages is fetched once', async (t) => {
  const site = await Site.create(t);
  const front = await site.front();
  const host = await site.host([front.url]);
  const library = { noiseBytes: 600_000, seed: 7 };
  const publish = async (component: string) => {
    const made = await site.publish(component, '1.0.0', { 'lib/libc.so': library, name: component });
    return { release: await site.vendor.release(`1.0.0-${component}`, [made]), package: made };
  };
  const [web, api] = [await publish('web'), await publish('api')];
  await site.assign([web]);
  await site.agent(host);
  await reported(front, host, 'one', (report) => componentOf(report, 'web')?.version === '1.0.0');
  await site.assign([web, api]);
  await reported(front, host, 'both', (report) => componentOf(report, 'api')?.version === '1.0.0');

  const { components } = await explainHost({
    stateFolder: host.stateFolder,
    node: process.execPath,
    clock: systemClock,
  });
  const fetched = new Map(
    components.map(({ component, transfer }) => [component, transfer?.took.fetchedBytes]),
  );
  assert.ok((fetched.get('web') ?? 0) > 600_000, JSON.stringify([...fetched]));
  assert.ok((fetched.get('api') ?? 600_000) < 10_000, JSON.stringify([...fetched]));
  const file = (component: string): Promise<Buffer> =>
    readFile(join(host.stateFolder, 'components', component, 'current', 'lib', 'libc.so'));
  assert.deepEqual(await file('api'), await file('web'));
});
