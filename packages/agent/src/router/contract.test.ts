import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { startLoad, testMain, waitUntil } from '@xylem/testkit';
import { stateLayout } from '../state/layout.ts';
import { supervisorClient } from '../supervisor/client.ts';
import { stopServices } from '../supervisor/stop-services.ts';
import { answerAt, blueGreenService } from '../testing/blue-green.ts';
import { type RouterKind, type TestRouter, testRouter } from '../testing/routers.ts';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import { forwarderComponent } from './builtin/protocol.ts';
import { routerOf } from './index.ts';
import type { Router, RouterTools } from './router.ts';

const testing = (name: string): string => testMain(new URL(`../testing/${name}`, import.meta.url));

interface Bench {
  readonly router: Router;
  readonly own: TestRouter;
  readonly tools: RouterTools;
  readonly restart: (() => Promise<void>) | undefined;
  /** Two real servers, which answer their names. */
  readonly servers: readonly Server[];
}

async function bench(context: TestContext, kind: RouterKind): Promise<Bench | null> {
  const folder = await temporaryFolder(context);
  const stateFolder = join(folder, 'state');
  await mkdir(stateFolder);
  const own = await testRouter(kind, { after: (undo) => cleanUp(context, undo) }, folder);
  if ('skip' in own) {
    context.skip(own.skip);
    return null;
  }
  const command = (main: string): string[] => [process.execPath, testing(main), stateFolder];
  const supervisor = supervisorClient({
    stateFolder,
    command: command('supervisor-main.ts'),
    clock: systemClock,
    log: silentLog,
    changed: () => undefined,
  });
  cleanUp(context, async () => {
    supervisor.close();
    await stopServices({ stateFolder, clock: systemClock, log: silentLog });
  });
  const tools = {
    layout: stateLayout(stateFolder),
    node: process.execPath,
    supervisor,
    forwarderCommand: command('forwarder-main.ts'),
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
  };
  await mkdir(tools.layout.component('api').tree('x'), { recursive: true });
  const placed = blueGreenService({
    component: 'api',
    version: '1.0.0',
    ports: own.ports,
    router: own.block,
  });
  await mkdir(tools.layout.component('api').tree(placed.tree), { recursive: true });
  const router = routerOf(placed, tools);
  assert.ok(router);
  const servers = await Promise.all(
    ['blue', 'green'].map((name, i) => answering(context, name, own.ports[i] ?? 0)),
  );
  const restartForwarder = async (): Promise<void> => {
    const found = (await supervisor.list()).find(({ component }) => component === forwarderComponent);
    assert.ok(found?.process);
    const { pid } = found.process;
    process.kill(pid, 'SIGKILL');
    await waitUntil(
      async () => (await supervisor.list()).some(({ process: now }) => now !== null && now.pid !== pid),
      20_000,
      'the forwarder to be started again',
    );
  };
  return { router, own, tools, servers, restart: kind === 'builtin' ? restartForwarder : own.restart };
}

async function answering(context: TestContext, name: string, port: number): Promise<Server> {
  const server = createServer((_request, response) => response.end(name));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  cleanUp(context, () => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

for (const kind of ['builtin', 'haproxy', 'nginx', 'command'] as const) {
  suite(`router contract: ${kind}`, () => {
    test('leads where it was told, says so, and again after it was started anew', async (context) => {
      const made = await bench(context, kind);
      if (made === null) return;
      const { router, own, restart } = made;
      const [blue, green] = own.ports;
      const leadsTo = async (port: number, name: string): Promise<void> => {
        assert.equal(await router.show(), port);
        const { front } = own;
        if (front !== null)
          await waitUntil(async () => (await answerAt(front)) === name, 20_000, `${name} to answer`);
      };
      // HAProxy begins with all of its servers, and so with one where only one is up yet.
      if (kind !== 'haproxy') assert.equal(await router.show(), null, 'before it was told');
      await router.route(blue);
      await leadsTo(blue, 'blue');
      await router.route(green);
      await router.route(green);
      await leadsTo(green, 'green');
      if (restart !== undefined) {
        await restart();
        await waitUntil(async () => (await router.show().catch(() => null)) === green, 20_000, 'green again');
        await leadsTo(green, 'green');
      }
      await router.route(blue);
      await leadsTo(blue, 'blue');
      const left = await router.connections(green);
      assert.ok(left === null || left === 0);
      await router.release();
      if (own.front !== null) {
        const { front } = own;
        await waitUntil(
          async () => !/blue|green/.test(String(await answerAt(front))),
          20_000,
          'nobody to answer',
        );
      }
    });

    // The commands of the test lead nobody.
    if (kind === 'command') return;
    test('loses and refuses no request while it is switched and switched back', async (context) => {
      const made = await bench(context, kind);
      if (made === null) return;
      const { router, own } = made;
      const [blue, green] = own.ports;
      await router.route(blue);
      const { front } = own;
      assert.ok(front !== null);
      await waitUntil(async () => (await answerAt(front)) === 'blue', 20_000, 'blue to answer');
      const load = await startLoad(front, 300);
      cleanUp(context, () => load.kill());
      const sentSome = async (): Promise<void> => systemClock.sleep(400);
      await sentSome();
      // What a router that is just reloaded answers by what it was told before anything of this.
      load.mark('blue');
      await sentSome();
      for (const port of [green, blue, green]) {
        await router.route(port);
        load.mark(`to-${port}`);
        await sentSome();
      }
      const { start: _before, ...measured } = await load.end();
      const phases = Object.values(measured);
      const faults = phases.map(({ faults: own }) => own);
      assert.deepEqual(
        faults,
        phases.map(() => ({})),
      );
      assert.equal(
        phases.reduce((sum, { refused, lost }) => sum + refused + lost, 0),
        0,
      );
      assert.ok(phases.reduce((sum, { answered }) => sum + answered, 0) > 100);
      const seen = new Set(phases.flatMap(({ answers }) => Object.keys(answers)));
      assert.deepEqual([...seen].sort(), ['blue', 'green']);
    });
  });
}
