import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from '@xylem/testkit';
import { rootFront } from '@xylem/testkit/builders';
import { snapshotAt, startRelay, world } from './testing/world.ts';

test('a relay that is told of another first parent does not wait until the former one ends its question', async (t) => {
  const { installation, production, root, deploy } = await world(t, { holdMs: 600_000 });
  const other = await rootFront(t, installation, { holdMs: 600_000 });
  const joined = await installation.join(production, { parents: [root.url], serves: [production.id] });
  let parents = [root.url, other.url];
  const relay = await startRelay(t, joined, { parents: () => parents, timing: { holdMs: 600_000 } });
  const { snapshot } = await deploy('1.0.0');
  root.announce(production.id);
  await waitUntil(() => snapshotAt(relay, production.id) === snapshot);
  const parent = (): string | undefined => relay.serving().parent?.url;
  assert.equal(parent(), root.url);
  const question = `GET /news?since=${production.id}.${snapshot}`;
  const asks = (): boolean => root.requests.some((line) => line.startsWith(question));
  await waitUntil(asks, 10_000, 'its question to be held');

  parents = [other.url, root.url];
  relay.parentsChanged();
  await waitUntil(() => parent() === other.url, 10_000, 'the relay to ask the other parent');
});
