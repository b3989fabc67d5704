import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import type { PackageDocument } from '@xylem/core';
import { silentLog, systemClock } from '@xylem/platform';
import { freePort, testMain } from '@xylem/testkit';
import { adoptionsFile } from '../../adopt/adoptions.ts';
import { beginObserving } from '../../adopt/observe.ts';
import type { StepKind } from '../../converge/points.ts';
import { stateLayout } from '../../state/layout.ts';
import { identifyProcess } from '../../state/process-identity.ts';
import { connectSupervisor } from '../../supervisor/connection.ts';
import type { ServiceState } from '../../supervisor/protocol.ts';
import { adoptedRecords, type ServiceRecords, serviceRecords } from '../../supervisor/records.ts';
import { supervisorSocketPath } from '../../supervisor/socket-path.ts';
import { convergeOnce } from '../../testing/converge-once.ts';
import { Bench } from '../../testing/crash-sweep.ts';
import { testPackage, writeTree } from '../../testing/packages.ts';
import { type TestRouter, testRouter } from '../../testing/routers.ts';
import { cleanUp, temporaryFolder } from '../../testing/state-folder.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { isRespawned, unitIn } from './adopt-parent.ts';

/** A server with a worker, as many programs have one. */
const program = (version: string): string => `#!${process.execPath}
const worker = require('node:child_process').spawn('sleep', ['1000.' + (process.argv[3] ?? process.argv[2])], { stdio: 'ignore' });
const server = require('node:http').createServer((q, a) => a.end('${version} ' + worker.pid));
server.on('error', () => undefined).listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;

interface ByHand {
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly user?: number;
}

async function shop(context: TestContext, router: TestRouter | null = null) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const layout = stateLayout(state);
  const path = join(bench.folder, 'opt/shop');
  const port = router?.ports[0] ?? (await freePort());
  const package_ = (version: string, environment: Record<string, string> = { SHOP: 'muc' }) => {
    const made = testPackage({
      component: 'shop',
      version,
      kind: 'service',
      files: { 'bin/run!': program(version), 'lib/text': 'same' },
      service: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
        command: ['bin/run', router === null ? String(port) : '${port}'],
        environment,
        stopTimeoutMs: 5_000,
        ...switchOf(router),
      },
      config: { token: { $sealed: { generation: 1, version: 'a'.repeat(32), holder: 'anna', age: 'YWdl' } } },
      health: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
        http: { port: router === null ? port : '${port}', path: '/', status: 200 },
        intervalMs: 50,
        timeoutMs: 1_000,
        startTimeoutMs: 30_000,
        successes: 1,
      },
    });
    return { ...made, document: { ...made.document, adopt: { path } } };
  };
  let orders = 0;
  const wanted = async (
    version: string,
    more: { undo?: true; environment?: Record<string, string> } = {},
  ) => {
    orders += 1;
    const order = orders.toString(16).padStart(2, '0').repeat(16);
    const adopt = { shop: { order, ...(more.undo === true ? { undo: true } : {}) } };
    return await bench.wanted([package_(version, more.environment)], {
      entry: { labels: {}, adopt } as never,
    });
  };
  const pass = (path: string) => convergeOnce(state, path, silentLog, { opened: { token: 'canary-9' } });
  const outcome = async () => (await adoptionsFile(layout.adoptions, silentLog).read())?.adoptions[0];
  const answer = (): Promise<string> =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (found) => found.text(),
      () => '',
    );
  /** Started as an init script does it: whoever started it has ended. */
  const start = async ({
    arguments: words = [String(port)],
    environment = { SHOP: 'muc' },
    folder,
    user,
  }: ByHand = {}) => {
    const note = join(bench.folder, `pid-${user ?? ''}`);
    const script =
      'cd "$1" && note=$2 && shift 2 && { "$@" </dev/null >"$note.log" 2>&1 & echo $! >"$note"; }';
    const command = ['-c', script, 'sh', folder ?? path, note, join(path, 'bin/run'), ...words];
    const identity = user === undefined ? {} : { uid: user, gid: user };
    await rm(note, { force: true });
    execFileSync('/bin/sh', command, { env: { PATH: process.env.PATH, ...environment }, ...identity });
    const pid = Number(await readFile(note, 'utf8'));
    cleanUp(context, () => end(pid));
    // Its program is what it runs from now on, no more the shell.
    await waitFor('its program', () => isProgram(pid));
    return pid;
  };
  const begin = async (hand: ByHand = {}): Promise<number> => {
    await writeTree(path, package_('1.0.0').files);
    await beginObserving(layout, 'a test', systemClock, silentLog);
    const pid = await start(hand);
    if (hand.arguments === undefined) await waitFor('its answer', async () => (await answer()) !== '');
    return pid;
  };
  const supervisor = () =>
    connectSupervisor(supervisorSocketPath(state), { changed: () => undefined, closed: () => undefined });
  const running = async (): Promise<ServiceState | undefined> => {
    const connection = await supervisor();
    const states = ((await connection?.ask({ op: 'list' }, 10_000)) ?? []) as ServiceState[];
    connection?.close();
    return states[0];
  };
  const killSupervisor = async (): Promise<void> => {
    const connection = await supervisor();
    const { pid } = ((await connection?.ask({ op: 'hello' }, 10_000)) ?? { pid: 0 }) as { pid: number };
    connection?.close();
    if (pid > 0) process.kill(pid, 'SIGKILL');
    await waitFor('its end', () => pid === 0 || isGone(pid));
  };
  /** How many servers there are, whoever started them. */
  const servers = (): number =>
    commandLines().filter(
      ({ words }) =>
        words[0] === process.execPath && words[1]?.startsWith(bench.folder) && words[1].endsWith('bin/run'),
    ).length;
  // Workers outlive a server that a test has killed.
  cleanUp(context, () => {
    for (const { pid, words } of commandLines()) if (words[1] === `1000.${port}`) end(pid);
  });
  return {
    bench,
    state,
    layout,
    path,
    port,
    package_,
    wanted,
    pass,
    outcome,
    answer,
    start,
    begin,
    running,
    killSupervisor,
    servers,
  };
}

function commandLines(): { readonly pid: number; readonly words: readonly string[] }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      return [{ pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0') }];
    } catch {
      return [];
    }
  });
}

function switchOf(router: TestRouter | null): Partial<NonNullable<PackageDocument['service']>> {
  if (router === null) return {};
  const { ports, block } = router;
  return { switch: { mode: 'blue-green', ports, router: block, bakeMs: 60_000, drainMs: 100 } };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Until its last thread is gone its socket takes connections, and nobody else has its port. */
const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}`);
const lives = (pid: number): boolean => identifyProcess(pid) !== null;
/** What it was executed for, and no more the shell that was to. */
const isProgram = (pid: number): boolean => readlinkSync(`/proc/${pid}/exe`) === process.execPath;
const workerOf = (answer: string): number => Number(answer.split(' ')[1]);

/** Whether process 1 takes those whose parent ended; a session of systemd does it in its place. */
function goToTheFirst(): boolean {
  const pid = Number(execFileSync('/bin/sh', ['-c', 'sleep 5 >/dev/null & echo $!'], { encoding: 'utf8' }));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  end(pid);
  return /^PPid:\t1$/m.test(status);
}

const skip = goToTheFirst() ? false : 'here another process than the first takes those whose parent ended';
suite('services that others started, without systemd', { concurrency: 2, skip }, () => {
  test('one goes on as the same process, is started again when it ends, updated, and removed', async (t) => {
    const { bench, wanted, pass, outcome, answer, begin, running, servers } = await shop(t);
    const pid = await begin();
    const worker = workerOf(await answer());
    const after = await pass(await wanted('1.0.0'));
    assert.equal((await outcome())?.outcome, 'adopted', JSON.stringify(await outcome()));
    assert.ok(after.rested);
    assert.equal(after.slots.get('shop')?.record?.installed?.version, '1.0.0');
    assert.equal((await running())?.process?.pid, pid);
    assert.deepEqual([lives(pid), servers()], [true, 1]);

    assert.ok((await pass(await wanted('2.0.0'))).rested);
    assert.match(await answer(), /^2\.0\.0 /);
    assert.deepEqual([lives(pid), lives(worker), servers()], [false, false, 1]);
    await pass(await wanted('2.0.0', { undo: true }));
    assert.deepEqual([(await outcome())?.outcome, (await outcome())?.code], ['refused', 'E_CONFLICT']);
    assert.match(await answer(), /^2\.0\.0 /, 'what there is nothing to go back to goes on');
    assert.ok((await pass(await bench.wanted([], { purge: ['shop'] }))).rested);
    assert.equal(servers(), 0);
  });

  test('one is given back as it runs, and adopted again; when it ends it is started anew from its own files', async (t) => {
    const { layout, wanted, pass, outcome, answer, begin, running, servers } = await shop(t);
    const pid = await begin();
    await pass(await wanted('1.0.0'));
    await pass(await wanted('1.0.0', { undo: true }));
    assert.equal((await outcome())?.outcome, 'given back', JSON.stringify(await outcome()));
    assert.equal(await running(), undefined);
    assert.deepEqual([lives(pid), servers()], [true, 1]);
    assert.equal(await adoptedRecords(layout.supervisor, silentLog).read(), null);

    await pass(await wanted('1.0.0'));
    assert.equal((await running())?.process?.pid, pid);
    const worker = workerOf(await answer());
    end(pid);
    const again = await waitFor('the next start', async () => {
      const state = await running();
      return state?.process !== null && state?.process?.pid !== pid ? state : null;
    });
    assert.deepEqual([again.restarts, again.adopted, lives(worker)], [1, undefined, false]);
    await waitFor('its answer', async () => (await answer()).startsWith('1.0.0'));
    const folder = layout.component('shop').folder;
    assert.ok(readFileSync(`/proc/${again.process?.pid}/cmdline`, 'utf8').includes(folder));
  });

  test('one that is not as published is left alone, and what differs is said without its values', async (t) => {
    const { bench, path, port, package_, wanted, pass, outcome, begin, start, running, servers } =
      await shop(t);
    const pid = await begin({
      environment: { SHOP: 'muc', TOKEN: 'canary-7', KEY: 'canary-9', PASS: 'canary-6' },
      folder: '/tmp',
    });
    const given = await bench.wanted([package_('1.0.0')]);
    // All that runs is listed once for a while.
    await waitFor('what is there', async () => {
      const { waiting } = await pass(given);
      return waiting.get('shop')?.message.includes(`process ${pid} runs it`);
    });
    await writeFile(join(path, 'lib/text'), 'other');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    const [KEY, PASS] = ['${config.token}', '${config.token}'];
    await pass(await wanted('1.0.0', { environment: { SHOP: 'canary-8', REGION: 'south', KEY, PASS } }));
    const first = await outcome();
    const its = `process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}): its`;
    assert.deepEqual(first?.differences?.named, [
      { path: 'lib/text', what: 'has another size' },
      { path: `${its} variable SHOP`, what: 'has another value' },
      { path: `${its} variable REGION`, what: 'is not set' },
      { path: `${its} variable PASS`, what: 'has another value' },
      { path: `${its} working folder`, what: 'is another' },
      { path: `${its} variable TOKEN`, what: 'is set, and not by the package', extra: true },
    ]);
    assert.doesNotMatch(JSON.stringify(first), /canary/);
    assert.deepEqual([lives(pid), await running()], [true, undefined]);
    end(pid);
    await writeFile(join(path, 'lib/text'), 'same');

    const other = await start({ arguments: ['0', String(port)] });
    await pass(await wanted('1.0.0'));
    assert.match((await outcome())?.message ?? '', /its arguments are others/);
    assert.equal(lives(other), true);
    end(other);
    await waitFor('its end', () => isGone(other));
    if (process.getuid?.() === 0) {
      await chmod(bench.folder, 0o777);
      const foreign = await start({ user: 65_534 });
      await pass(await wanted('1.0.0'));
      assert.match((await outcome())?.message ?? '', /its user is another/);
      end(foreign);
      await waitFor('its end', () => isGone(foreign));
    }
    await pass(await wanted('1.0.0'));
    assert.match((await outcome())?.message ?? '', /is run by no process that the agent can see/);
    assert.equal(servers(), 0);
  });

  test('one of several, or one that somebody looks after, is refused by name', async (t) => {
    const { path, port, wanted, pass, outcome, begin, start, running } = await shop(t);
    const pid = await begin();
    // It can't have the port, and waits.
    const second = await start();
    await pass(await wanted('1.0.0'));
    assert.equal((await outcome())?.code, 'E_ADOPT_UNSUPPORTED', JSON.stringify(await outcome()));
    assert.match(
      (await outcome())?.message ?? '',
      new RegExp(`processes (${pid}, ${second}|${second}, ${pid}) all run it`),
    );
    assert.deepEqual([lives(pid), lives(second), await running()], [true, true, undefined]);
    end(pid);
    end(second);

    const child = spawn(join(path, 'bin/run'), [String(port)], {
      cwd: path,
      env: { PATH: process.env.PATH, SHOP: 'muc' },
      stdio: 'ignore',
    });
    t.after(() => child.kill('SIGKILL'));
    await waitFor('its program', () => isProgram(child.pid ?? 0));
    await pass(await wanted('1.0.0'));
    const { message = '' } = (await outcome()) ?? {};
    assert.match(
      message ?? '',
      new RegExp(`process ${child.pid} was started by .* \\(process ${process.pid}\\)`),
    );
    assert.equal(lives(child.pid ?? 0), true);
  });

  test('one to which a router leads is adopted as that side, replaced without a gap, and gone back to', async (t) => {
    const router = await testRouter('command', t, await temporaryFolder(t));
    assert.ok('block' in router);
    const { block, ports } = router;
    const [blue, green] = ports;
    const lead = block.command?.switch ?? assert.fail('no command');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder
    const leads = (port: number) => lead.map((word) => word.replace('${port}', String(port)));
    const set = (port: number) => execFileSync(leads(port)[0] ?? '', leads(port).slice(1));
    const shown = () =>
      Number(execFileSync(block.command?.show[0] ?? '', block.command?.show.slice(1), { encoding: 'utf8' }));
    const { wanted, pass, outcome, begin, running, servers } = await shop(t, router);
    const pid = await begin();
    set(green);
    await pass(await wanted('1.0.0'));
    assert.match((await outcome())?.message ?? '', /its arguments are others/);
    assert.deepEqual([await running(), shown()], [undefined, green]);
    set(blue);
    const first = await pass(await wanted('1.0.0'));
    assert.equal((await outcome())?.outcome, 'adopted', JSON.stringify(await outcome()));
    assert.ok(first.rested);
    const state = await running();
    assert.deepEqual([state?.instance, state?.process?.pid, shown()], ['shop@blue', pid, blue]);
    await pass(await wanted('1.0.0', { undo: true }));
    assert.deepEqual([(await outcome())?.outcome, await running(), shown()], ['given back', undefined, blue]);

    await pass(await wanted('1.0.0'));
    assert.ok((await pass(await wanted('2.0.0'))).rested);
    assert.deepEqual(
      [shown(), lives(pid), servers()],
      [green, true, 2],
      'the adopted one is kept for a return',
    );
    await pass(await wanted('2.0.0', { undo: true }));
    assert.equal((await outcome())?.code, 'E_CONFLICT');
    assert.ok((await pass(await wanted('1.0.0'))).rested);
    assert.deepEqual([shown(), lives(pid)], [blue, true]);
  });

  test('killed at any journal point, the supervisor too, it goes on as one process and the order is finished', async (t) => {
    const { state, wanted, pass, outcome, begin, running, killSupervisor, servers } = await shop(t);
    const pid = await begin();
    const main = testMain(new URL('../../testing/converge-main.ts', import.meta.url));
    const killedAt = (path: string, point: string): Promise<boolean> =>
      new Promise((resolve) => {
        execFile(process.execPath, [main, state, path, point], (error) =>
          resolve(error?.signal === 'SIGKILL'),
        );
      });
    const roads: readonly (readonly [readonly StepKind[], boolean])[] = [
      [['reserve', 'fetch', 'stage', 'adopt', 'switch', 'probe', 'commit'], false],
      [['disown', 'remove'], true],
    ];
    for (const [steps, undo] of roads) {
      const path = await wanted('1.0.0', undo ? { undo } : {});
      // Each goes on where the one before was killed.
      for (const step of steps) {
        for (const phase of ['written', 'acted']) {
          const point = `service/${step}/${phase}`;
          assert.ok(await killedAt(path, point), `${point} was never reached`);
          if (step === 'adopt' || step === 'disown') await killSupervisor();
          assert.deepEqual([lives(pid), servers()], [true, 1], point);
        }
      }
      await pass(path);
      assert.equal((await outcome())?.outcome, undo ? 'given back' : 'adopted');
      assert.equal((await running())?.process?.pid, undo ? undefined : pid);
      assert.deepEqual([lives(pid), servers()], [true, 1]);
    }
  });

  test('a supervisor whose table was lost knows it; after a boot it is taken again, or started where nobody did', async (t) => {
    const { layout, wanted, pass, answer, begin, start, running, killSupervisor, servers } = await shop(t);
    const pid = await begin();
    const path = await wanted('1.0.0');
    await pass(path);
    await killSupervisor();
    await rm(join(layout.supervisor, 'services.json'));
    assert.ok((await pass(path)).rested);
    assert.deepEqual([(await running())?.process?.pid, servers()], [pid, 1]);

    const file = serviceRecords(layout.supervisor, silentLog);
    /** As the table looks after another boot. */
    const boot = async (): Promise<void> => {
      await killSupervisor();
      const { services } = (await file.read()) as ServiceRecords;
      const before = services.map((one) => ({
        ...one,
        process: one.process === null ? null : { ...one.process, boot: 'another' },
      }));
      await file.write({ services: before });
      await adoptedRecords(layout.supervisor, silentLog).write({ services: before });
    };
    await boot();
    end(pid);
    await waitFor('its end', () => isGone(pid));
    const again = await start();
    await waitFor('its answer', async () => (await answer()) !== '');
    assert.ok((await pass(path)).rested);
    assert.deepEqual([(await running())?.process?.pid, servers()], [again, 1]);

    await boot();
    end(again);
    await waitFor('its end', () => isGone(again));
    assert.ok((await pass(path)).rested);
    await waitFor('its answer', async () => (await answer()) !== '');
    const own = await running();
    assert.deepEqual([own?.adopted, servers()], [undefined, 1]);
    assert.notEqual(own?.process?.pid, again);
  });
});

test('a unit of systemd and a line of inittab that would start it again are known', () => {
  assert.equal(unitIn('0::/system.slice/shop.service\n'), 'systemd, as shop.service');
  assert.equal(unitIn('3:cpu:/x\n1:name=systemd:/user.slice/user-1.slice/session-3.scope\n'), null);
  assert.equal(unitIn('0::/system.slice/cron.service\n'), null);
  const inittab = 'si::sysinit:/etc/init.d/rcS\nsh:2345:respawn:/opt/shop/bin/run 80\n';
  assert.equal(isRespawned(inittab, '/opt/shop/bin/run'), true);
  assert.equal(isRespawned(inittab, '/opt/till/bin/run'), false);
  assert.equal(isRespawned(`#${inittab}`, '/etc/init.d/rcS'), false);
});
