import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog, systemClock } from '@xylem/platform';
import type { WantedState } from '../direction/wanted.ts';
import { doubt } from '../drift/doubt.ts';
import { stopServices } from '../supervisor/stop-services.ts';
import { convergeOnce } from '../testing/converge-once.ts';
import { httpService, type TestPackage, testPackage, writeTree } from '../testing/packages.ts';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import type { Convergence } from './converge.ts';
import { journalPoints, updateSteps } from './points.ts';

const main = fileURLToPath(new URL('../testing/converge-main.ts', import.meta.url));
/** Points that a scenario passed: the sweep is over all of them, or it fails. */
const reached = new Set<string>();

/** A pass in a process of its own that should kill itself; whether it did. */
function killedAt(state: string, wanted: string, point: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [main, state, wanted, point],
      { maxBuffer: 1 << 26 },
      (error, _stdout, stderr) => {
        if (error === null) resolve(false);
        else if (error.signal === 'SIGKILL') resolve(true);
        else reject(new Error(`${error.message}\n${stderr}`));
      },
    );
  });
}

const converge = (state: string, wanted: string): Promise<Convergence> =>
  convergeOnce(state, wanted, silentLog);

class Bench {
  readonly folder: string;
  readonly #fixtures: string;
  #count = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.#fixtures = join(folder, 'fixtures');
  }

  async wanted(packages: readonly TestPackage[], more: Partial<WantedState> = {}): Promise<string> {
    for (const { files, tree } of packages) await writeTree(join(this.#fixtures, tree), files);
    this.#count += 1;
    const path = join(this.folder, `wanted-${this.#count}.json`);
    const components = packages.map(({ files: _files, ...placed }) => placed);
    const state = { snapshot: 1, number: 1, components, held: [], purge: [], keepPrevious: 1, ...more };
    await writeFile(path, JSON.stringify({ ...state, fixtures: this.#fixtures }));
    return path;
  }

  async state(context: TestContext): Promise<string> {
    this.#count += 1;
    const state = join(this.folder, `state-${this.#count}`);
    await mkdir(state);
    cleanUp(context, async () => {
      await stopServices({ stateFolder: state, clock: systemClock, log: silentLog });
      // A supervisor that ends may still close its log while the folder goes.
      await rm(state, { recursive: true, force: true, maxRetries: 5 });
    });
    return state;
  }
}

/** What a user can see of a state folder, without times and processes. */
async function looks(state: string, result: Convergence): Promise<unknown> {
  const components: Record<string, unknown> = {};
  for (const slot of result.slots.values()) {
    const folder = join(state, 'components', slot.component);
    const { record } = slot;
    components[slot.component] = {
      current: await readlink(join(folder, 'current')).catch(() => null),
      files: await readdir(join(folder, 'current')).catch(() => null),
      trees: slot.trees,
      partials: slot.partials,
      running: slot.running === null ? null : slot.running.tree,
      // Of a tree that was put back under it, a service would work on in the folder that is no more.
      worksIn: await readlink(`/proc/${slot.running?.instance.split('.')[0]}/cwd`).catch(() => null),
      installed: record?.installed?.version ?? null,
      previous: record?.previous.map(({ version }) => version) ?? null,
      refused: record?.refused === null || record === null ? null : record.refused.code,
      data: await readFile(join(folder, 'data', 'kept'), 'utf8').catch(() => null),
    };
  }
  return { components, waiting: [...result.waiting].map(([component, { code }]) => [component, code]) };
}

interface Scenario {
  readonly name: string;
  readonly component: 'web' | 'api';
  readonly kind: 'files' | 'service';
  /** What is there before, in order. */
  readonly before: readonly string[];
  readonly wanted: string;
  /** A file of the tree in place that somebody removed, and that was found missing. */
  readonly missing?: string;
  /** Points that this scenario must pass. */
  readonly steps: readonly string[];
}

/** A probe that fails never comes to `acted`. */
function phasesOf(step: string, { name }: Scenario): string[] {
  return step === 'probe' && name === 'failing update' ? ['written'] : ['written', 'acted'];
}

async function sweep(context: TestContext, bench: Bench, scenario: Scenario): Promise<void> {
  const state = await bench.state(context);
  const none = await bench.wanted([], { purge: ['web', 'api'] });
  /** The same folder and supervisor are used again: everything is removed and installed anew. */
  const prepare = async (): Promise<void> => {
    for (const wanted of [none, ...scenario.before]) assert.ok((await converge(state, wanted)).rested);
    const data = join(state, 'components', scenario.component, 'data');
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'kept'), 'by the user');
    if (scenario.missing === undefined) return;
    const current = join(state, 'components', scenario.component, 'current');
    await rm(join(current, scenario.missing));
    await doubt(`${await realpath(current)}.tree`);
  };
  await prepare();
  const undisturbed = await converge(state, scenario.wanted);
  assert.ok(undisturbed.rested);
  const expected = await looks(state, undisturbed);
  for (const step of scenario.steps) {
    for (const phase of phasesOf(step, scenario)) {
      const point = `${scenario.kind}/${step}/${phase}`;
      await context.test(`${scenario.name}: ${point}`, async () => {
        await prepare();
        assert.ok(await killedAt(state, scenario.wanted, point), `${point} was never reached`);
        reached.add(point);
        const again = await converge(state, scenario.wanted);
        assert.ok(again.rested);
        assert.deepEqual(await looks(state, again), expected);
      });
    }
  }
  // The next scenario's service wants the same port: this one's would answer in its place.
  await stopServices({ stateFolder: state, clock: systemClock, log: silentLog });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

suite('crash sweep', { concurrency: 3 }, () => {
  test('files: killed at any journal point, the host finishes as if it had not been', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const [v1, v2, v3] = ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
      testPackage({
        component: 'web',
        version,
        files: { 'index.html': version, 'bin/run!': '#!/bin/sh\n', same: 'same' },
      }),
    );
    assert.ok(v1 && v2 && v3);
    const [one, two, three, none] = [
      await bench.wanted([v1]),
      await bench.wanted([v2]),
      await bench.wanted([v3]),
      await bench.wanted([], { purge: ['web'] }),
    ];
    await sweep(context, bench, {
      name: 'update',
      component: 'web',
      kind: 'files',
      before: [one, two],
      wanted: three,
      steps: ['reserve', 'fetch', 'stage', 'preflight', 'switch', 'commit', 'retire'],
    });
    await sweep(context, bench, {
      name: 'healing',
      component: 'web',
      kind: 'files',
      before: [one],
      wanted: one,
      missing: 'index.html',
      steps: ['reserve', 'fetch', 'stage'],
    });
    await sweep(context, bench, {
      name: 'removal',
      component: 'web',
      kind: 'files',
      before: [one],
      wanted: none,
      steps: ['remove', 'purge'],
    });
  });

  test('service: killed at any journal point of an install or an update, the host finishes', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const versions = ['1.0.0', '2.0.0', '3.0.0'].map((version) =>
      httpService({ component: 'api', version, port }),
    );
    const [one, two, three] = await Promise.all(versions.map((version) => bench.wanted([version])));
    assert.ok(one && two && three);
    await sweep(context, bench, {
      name: 'install',
      component: 'api',
      kind: 'service',
      before: [],
      wanted: one,
      steps: ['stage', 'switch', 'start', 'probe', 'commit'],
    });
    await sweep(context, bench, {
      name: 'update',
      component: 'api',
      kind: 'service',
      before: [one, two],
      wanted: three,
      steps: updateSteps,
    });
  });

  test('service: killed at any journal point of a failing update or a removal, the host reverts or removes', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const port = await freePort();
    const good = httpService({ component: 'api', version: '1.0.0', port });
    const bad = httpService({ component: 'api', version: '2.0.0', port, status: 500, startTimeoutMs: 300 });
    const [one, two, none] = [
      await bench.wanted([good]),
      await bench.wanted([bad]),
      await bench.wanted([], { purge: ['api'] }),
    ];
    await sweep(context, bench, {
      name: 'failing update',
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: two,
      steps: ['switch', 'start', 'probe', 'revert', 'stop', 'retire'],
    });
    await sweep(context, bench, {
      name: 'healing',
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: one,
      missing: 'VERSION',
      steps: ['fetch', 'stage', 'preflight', 'stop', 'start'],
    });
    await sweep(context, bench, {
      name: 'removal',
      component: 'api',
      kind: 'service',
      before: [one],
      wanted: none,
      steps: ['stop', 'remove', 'purge'],
    });
  });
});

test('no journal point was left out of the sweep', () => {
  assert.deepEqual(
    journalPoints.filter((point) => !reached.has(point)),
    [],
  );
});
