import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAgent } from '@xylem/agent';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { runRelay } from '@xylem/relay';
import { removeLater, waitUntil } from '@xylem/testkit';
import { type JoinedHost, rootFront, TestInstallation } from '@xylem/testkit/builders';

const real = { clock: systemClock, randomness: systemRandomness, log: silentLog };

for (const [what, isAll] of [
  ['what it copied and took', false],
  ['all of its state, so that it joins anew', true],
] as const)
  test(`a relay that loses ${what} loses no report: hosts send them until the root server has them`, async (t) => {
    const installation = await TestInstallation.create(t);
    const environment = await installation.addEnvironment('acme/production');
    const root = await rootFront(t, installation, { holdMs: 5_000 });
    const joinRelay = () => installation.join(environment, { parents: [root.url], serves: [environment.id] });
    const relayAt = async ({ stateFolder }: JoinedHost, port: number) => {
      const relay = await runRelay({
        ...real,
        stateFolder,
        listen: { host: '127.0.0.1', port },
        timing: {
          retryFirstMs: 20,
          retryMaxMs: 200,
          reportBatchMs: 10,
          reportPaceMs: 20,
          reportRetryFirstMs: 50,
        },
      });
      removeLater(t, relay.close);
      return relay;
    };
    const joined = await joinRelay();
    const relay = await relayAt(joined, 0);
    const hosts: JoinedHost[] = [];
    for (const _ of [1, 2, 3]) hosts.push(await installation.join(environment, { parents: [relay.url] }));
    const labels = new Map(hosts.map(({ identity }) => [identity.host, { labels: {} }]));
    await environment.direct({ hosts: labels });
    // What the relay takes stays on its disk.
    root.intercept((request, response) => {
      if (request.url !== '/reports') return false;
      request.resume();
      response.writeHead(503).end();
      return true;
    });
    for (const { stateFolder } of hosts) {
      const agent = await runAgent({
        ...real,
        stateFolder,
        supervisorCommand: [process.execPath, '-e', ''],
        timing: {
          pollMs: 100,
          retryMinMs: 50,
          retryMaxMs: 200,
          reportCoalesceMs: 20,
          reportRetryMinMs: 100,
          reportLookMs: 100,
          reportRetryMaxMs: 200,
        },
      });
      removeLater(t, () => agent.stop());
    }
    await waitUntil(() => relay.status().spooledReports === hosts.length, 20_000, 'the relay to take them');
    assert.equal(root.reports.size, 0);

    await relay.close();
    await rm(isAll ? joined.stateFolder : join(joined.stateFolder, 'relay'), { recursive: true });
    root.intercept(null);
    const again = await relayAt(isAll ? await joinRelay() : joined, relay.port);
    await waitUntil(() => root.reports.size === hosts.length, 20_000, 'the root server to have them');
    await waitUntil(() => again.status().spooledReports === 0, 20_000, 'watermarks');
    assert.deepEqual([...root.reports.keys()].sort(), [...labels.keys()].sort());
  });
