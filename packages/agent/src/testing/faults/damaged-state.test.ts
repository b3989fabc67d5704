import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort } from '@xylem/testkit';
import { stateLayout } from '../../state/layout.ts';
import { identifyProcess } from '../../state/process-identity.ts';
import { stopServices } from '../../supervisor/stop-services.ts';
import { processesIn } from '../random-kills/look.ts';
import { componentOf, reported, Site, webService } from '../site.ts';
import { waitFor } from '../wait-for.ts';

const damages: Record<string, (text: Buffer) => Buffer | null> = {
  removed: () => null,
  emptied: () => Buffer.alloc(0),
  'cut off': (text) => text.subarray(0, Math.floor(text.length / 2)),
  zeroed: (text) => Buffer.alloc(text.length),
  // In the middle of a name or a number more often than not: it may still parse.
  flipped: (text) => {
    const at = Math.floor(text.length / 2);
    const changed = Buffer.from(text);
    changed[at] = (changed[at] ?? 0) ^ 1;
    return changed;
  },
};

/** XYLEM_DAMAGES=5 tries each damage on each file. */
const each = Number(process.env.XYLEM_DAMAGES ?? 1);

/** What nobody but a person can bring back: said by name, and nothing of what runs is touched. */
const lostForGood = /^identity\/(key|cert|ca)\.pem$|^identity\/(trust-map|host)\.json$/;
/**
 * What says something by its name or for a moment alone, or of a transfer that is over; the files of the service's own tree, which is fetched again,
 * and the service then started from it; and the table of services, which a supervisor has in memory (below).
 */
const passing =
  /^(agent\.lock(\.spare)?|supervisor\/(lock(\.spare)?|socket))$|^logs\/|\/data\/|\/current\/|^components\/api\/trees\/|\/trees\/[0-9a-f]{64}\/|\/transfer\.json$/;

/** What is set aside when it can't be read, and reported. */
const document =
  /^accepted\.json$|^components\/[^/]+\/[a-z]+\.json$|^reports\/state\.json$|^identity\/recipient\.json$|^trust\/carried\.json$/;

async function settled(context: TestContext) {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const host = await site.host([front.url]);
  const { files, document } = webService('1.0.0', port);
  const api = await site.publish('api', '1.0.0', files, document);
  const pages = await site.publish('pages', '1.0.0', { 'index.html': 'one', same: 'same' });
  const release = await site.vendor.release('1.0.0', [api, pages]);
  await site.assign([
    { release, package: api },
    { release, package: pages },
  ]);
  let sequence = -1;
  /** Starts an agent, and waits until it reports that all is as it should be. */
  const run = async () => {
    const agent = await site.agent(host);
    const report = await reported(front, host, 'all is well', (latest) => {
      const own = componentOf(latest, 'api');
      const isRight = own?.version === '1.0.0' && own.healthy === true && agent.status().converged;
      const isQuiet = latest.waiting.every(({ code }) => code === 'E_STATE_DAMAGED' || code === 'E_DRIFT');
      const number = latest.sequence;
      return isRight && isQuiet && componentOf(latest, 'pages') !== undefined && number !== sequence;
    });
    sequence = report.sequence;
    return { agent, report };
  };
  return { site, front, host, port, run };
}

test('each file of the state folder, damaged in each way: found, set aside and made anew, and no service is started again', {
  timeout: 600_000,
}, async (context) => {
  const { front, host, run, port } = await settled(context);
  const { stateFolder } = host;
  await (await run()).agent.stop();
  const first = await run();
  await waitFor('what drift was seen', async () =>
    (await readdir(join(stateFolder, 'components', 'api'))).includes('seen.json'),
  );
  await first.agent.stop();
  const service = processesIn(stateFolder).service[0] ?? -1;
  const identity = identifyProcess(service);
  const names = await readdir(stateFolder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(stateFolder.length + 1))
    .filter((name) => !passing.test(name))
    .sort();
  assert.ok(files.length > 15, files.join('\n'));
  let tried = 0;
  for (const [at, name] of files.entries()) {
    const path = join(stateFolder, name);
    const kinds = Object.keys(damages);
    const chosen = kinds.filter((_, index) => (index - at + 10 * kinds.length) % kinds.length < each);
    for (const what of chosen) {
      // Not everything in a certificate counts: a flipped bit there may do no harm, or only in TLS.
      if (lostForGood.test(name) && what === 'flipped') continue;
      const text = await readFile(path).catch(() => null);
      // One that is there now and then.
      if (text === null || text.length === 0) continue;
      const changed = damages[what]?.(text) ?? null;
      if (changed === null) await rm(path);
      else await writeFile(path, changed);
      const where = `${name} ${what}`;
      tried += 1;
      if (lostForGood.test(name)) {
        const refusal = await run().then(
          async ({ agent }) => {
            await agent.stop();
            return null;
          },
          (error: Error & { code?: string }) => error,
        );
        assert.match(String(refusal?.code), /^E_(?!INTERNAL)/, where);
        // Without host.json it is no host: then the folder is named.
        assert.match(String(refusal?.message), /identity/, where);
        await writeFile(path, text);
      } else {
        const { agent } = await run().catch((error: unknown) => {
          throw new Error(where, { cause: error });
        });
        if (changed !== null && document.test(name)) {
          await reported(front, host, `${where}, in a report`, (report) =>
            report.waiting.some(
              ({ code, message }) => code === 'E_STATE_DAMAGED' && message.includes(`${name}.damaged`),
            ),
          );
        }
        await agent.stop();
        await rm(`${path}.damaged`, { force: true });
      }
      assert.deepEqual(identifyProcess(service), identity, `${where}: the service was started again`);
    }
  }
  context.diagnostic(`${tried} damages of ${files.length} files`);
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '1.0.0');
});

for (const what of ['removed', 'zeroed', 'flipped'] as const)
  test(`a supervisor whose table was ${what} knows its services again, and ends what nobody wants`, async (context) => {
    const { site, host, run, port, front } = await settled(context);
    const { stateFolder } = host;
    const { agent } = await run();
    await agent.stop();
    const [service = -1] = processesIn(stateFolder).service;
    const identity = identifyProcess(service);
    const table = join(stateLayout(stateFolder).supervisor, 'services.json');
    const lose = async (): Promise<void> => {
      const text = await readFile(table);
      for (const pid of processesIn(stateFolder).supervisor) process.kill(pid, 'SIGKILL');
      await waitFor('the end of the supervisor', () => processesIn(stateFolder).supervisor.length === 0);
      const changed = damages[what]?.(text) ?? null;
      if (changed === null) await rm(table);
      else await writeFile(table, changed);
    };
    await lose();
    const again = await run();
    assert.deepEqual(identifyProcess(service), identity, 'it goes on');
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '1.0.0');
    // And it is known how to start it, from then on.
    process.kill(service, 'SIGKILL');
    await waitFor('the service again', async () => {
      const [found] = processesIn(stateFolder).service;
      return found !== undefined && found !== service;
    });
    await again.agent.stop();
    await lose();
    await site.assign([]);
    await site.agent(host);
    await reported(front, host, 'an empty host', (report) => report.components.length === 0);
    await waitFor('its end', () => processesIn(stateFolder).service.length === 0);
    await stopServices({ stateFolder, clock: systemClock, log: silentLog });
  });
