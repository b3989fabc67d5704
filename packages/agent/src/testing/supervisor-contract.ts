import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stateLayout } from '../state/layout.ts';
import { isAlive } from '../state/process-identity.ts';
import type { Supervisor } from '../supervisor/client.ts';
import { exitText } from '../supervisor/exit-text.ts';
import type { ServiceSpec, ServiceState } from '../supervisor/protocol.ts';
import type { ServiceTerms } from '../supervisor/terms.ts';
import { waitFor } from './wait-for.ts';

/** A state folder on this machine and how its services are reached. */
export interface SupervisorBench {
  readonly folder: string;
  readonly supervisor: Supervisor;
  /** Components that changed, as the agent heard of it. */
  readonly changed: readonly string[];
  /** As another agent would reach them after this one ended. */
  again(): Supervisor;
}

export interface SupervisorContract {
  readonly name: string;
  bench(context: TestContext): Promise<SupervisorBench>;
  /** What this supervisor can't do here: why. */
  readonly lacks?: { readonly limits?: string; readonly user?: string };
}

const forever = 'setInterval(() => undefined, 1000)';
const fast = { restart: { delayMs: 100, maxDelayMs: 100 } } satisfies ServiceTerms;
let count = 0;

/** A service that is a script of Node; each with another fingerprint. */
export async function scripted(
  { folder }: Pick<SupervisorBench, 'folder'>,
  script: string,
  more: Partial<ServiceSpec> = {},
): Promise<ServiceSpec> {
  count += 1;
  const own = stateLayout(folder).component(more.component ?? 'shop');
  const tree = 'a'.repeat(64);
  await mkdir(own.tree(tree), { recursive: true, mode: 0o755 });
  await mkdir(own.data, { recursive: true, mode: 0o700 });
  // Too long for an argument of a test's failure, and no shell to quote it for.
  const main = join(own.tree(tree), `${count}.cjs`);
  await writeFile(main, script);
  return {
    component: 'shop',
    command: [process.execPath, main],
    environment: {},
    workingFolder: own.tree(tree),
    stopTimeoutMs: 5_000,
    tree,
    fingerprint: `${count}`,
    ...more,
  };
}

const only = async (supervisor: Supervisor): Promise<ServiceState> => {
  const [state, ...others] = await supervisor.list();
  assert.ok(state);
  assert.equal(others.length, 0);
  return state;
};

const running = (supervisor: Supervisor, not?: number): Promise<ServiceState> =>
  waitFor('a running service', async () => {
    const state = await only(supervisor);
    return state.process !== null && state.process.pid !== not ? state : null;
  });

/** Null where there is none yet, or nothing in it. */
const textOf = (path: string): string | null => (existsSync(path) ? readFileSync(path, 'utf8') : '') || null;
const pidOf = (state: ServiceState): number => state.process?.pid ?? assert.fail('no process');

/** What every supervisor promises, whatever runs the services. */
export function supervisorContract({ name, bench, lacks = {} }: SupervisorContract): void {
  const noteIn = (folder: string, file: string): string =>
    join(stateLayout(folder).component('shop').data, file);

  test(`${name}: lists nothing before anything was started, and a stop of nothing is none`, async (t) => {
    const { supervisor } = await bench(t);
    assert.deepEqual(await supervisor.list(), []);
    await supervisor.stop('shop', 1_000);
  });

  test(`${name}: starts a service once, replaces it by another, and another agent finds it`, async (t) => {
    const own = await bench(t);
    const { supervisor } = own;
    const first = await scripted(own, forever);
    await supervisor.start(first, {});
    const started = await running(supervisor);
    assert.equal(started.fingerprint, first.fingerprint);
    assert.equal(started.tree, first.tree);
    await supervisor.start(first, {});
    assert.equal(pidOf(await only(supervisor)), pidOf(started));
    supervisor.close();
    const again = own.again();
    assert.equal(pidOf(await only(again)), pidOf(started), 'another agent takes it over as it runs');
    const second = await scripted(own, forever);
    await again.start(second, {});
    const other = await running(again, pidOf(started));
    assert.equal(other.fingerprint, second.fingerprint);
    assert.ok(started.process && !isAlive(started.process));
    await again.stop('shop', 5_000);
    assert.deepEqual(await again.list(), []);
    assert.ok(other.process && !isAlive(other.process));
    again.close();
  });

  test(`${name}: starts a crashed service again, says how it ended, and is heard`, async (t) => {
    const own = await bench(t);
    const { supervisor, changed } = own;
    await supervisor.start(await scripted(own, forever, { terms: fast }), {});
    const first = await running(supervisor);
    process.kill(pidOf(first), 'SIGKILL');
    const again = await running(supervisor, pidOf(first));
    assert.equal(again.restarts, 1);
    await waitFor('a word of it', () => changed.includes('shop'));
    await supervisor.stop('shop', 5_000);
  });

  test(`${name}: the restart policy decides`, async (t) => {
    const own = await bench(t);
    const { supervisor } = own;
    const ends = async (policy: 'on-failure' | 'never', code: number): Promise<void> =>
      supervisor.start(
        await scripted(own, `process.exit(${code})`, { terms: { restart: { ...fast.restart, policy } } }),
        {},
      );
    const rests = (): Promise<ServiceState> =>
      waitFor('its rest', async () => {
        const state = await only(supervisor);
        return state.rests === true ? state : null;
      });
    await ends('never', 3);
    const rested = await rests();
    assert.deepEqual([rested.process, rested.restarts, rested.lastExit?.code], [null, 0, 3]);
    await ends('on-failure', 0);
    assert.equal((await rests()).restarts, 0);
    await ends('on-failure', 4);
    const tried = await waitFor('two more attempts', async () => {
      const state = await only(supervisor);
      return state.restarts >= 2 && state.lastExit?.code === 4 ? state : null;
    });
    assert.equal(tried.lastExit?.code, 4);
    assert.equal(tried.rests, undefined);
    await supervisor.stop('shop', 5_000);
  });

  test(`${name}: what a service wrote before it ended is there as soon as its end is`, async (t) => {
    const own = await bench(t);
    const { supervisor } = own;
    for (const word of ['first', 'second', 'third', 'fourth', 'fifth']) {
      // Many lines before it: who keeps them has work to do when it ends.
      const lines = "for (let i = 0; i < 1500; i += 1) console.log(i, '.'.repeat(140));";
      const script = `${lines} console.log('the reason is the ${word}'); process.exitCode = 3;`;
      const spec = await scripted(own, script, { terms: { restart: { policy: 'never' } } });
      await supervisor.start(spec, {});
      await waitFor('its end', async () => {
        const { fingerprint, lastExit } = await only(supervisor);
        return fingerprint === spec.fingerprint && lastExit?.code === 3;
      });
      assert.match((await supervisor.output('shop')).last, new RegExp(`the reason is the ${word}$`));
    }
    await supervisor.stop('shop', 5_000);
  });

  test(`${name}: what does not exist is said, not thrown`, async (t) => {
    const own = await bench(t);
    const spec = await scripted(own, '', { command: ['/does/not/exist'], terms: fast });
    await own.supervisor.start(spec, {});
    const state = await waitFor('an exit', async () => {
      const found = await only(own.supervisor);
      return /started|exit code/.test(exitText(found.lastExit)) ? found : null;
    });
    assert.match(exitText(state.lastExit), /could not be started|exit code/);
    assert.equal(state.process, null);
    await own.supervisor.stop('shop', 5_000);
  });

  test(`${name}: stop gives the service its own signal, then ends all that it left`, async (t) => {
    const own = await bench(t);
    const { folder, supervisor } = own;
    const asked = noteIn(folder, 'asked');
    const ready = noteIn(folder, 'ready');
    const polite = `const { writeFileSync } = require('node:fs');
      process.on('SIGINT', () => { writeFileSync(${JSON.stringify(asked)}, 'SIGINT'); process.exit(0); });
      writeFileSync(${JSON.stringify(ready)}, 'yes'); ${forever}`;
    await supervisor.start(await scripted(own, polite, { terms: { stopSignal: 'SIGINT' } }), {});
    await waitFor('its handler', () => textOf(ready));
    await supervisor.stop('shop', 20_000);
    assert.equal(textOf(asked), 'SIGINT');

    const note = noteIn(folder, 'grandchild');
    const stubborn = `process.on('SIGTERM', () => undefined);
      const c = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { detached: true, stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(note)}, String(c.pid)); ${forever}`;
    await supervisor.start(await scripted(own, stubborn, { stopTimeoutMs: 300 }), {});
    const grandchild = Number(await waitFor('the grandchild', () => textOf(note)));
    const leader = await running(supervisor);
    await supervisor.stop('shop', 300);
    assert.ok(leader.process && !isAlive(leader.process));
    await waitFor('its end', () => textOf(`/proc/${grandchild}/cmdline`) === null);
  });

  test(`${name}: two instances of one component run side by side`, async (t) => {
    const own = await bench(t);
    const { supervisor } = own;
    await supervisor.start(await scripted(own, forever, { instance: 'shop@blue' }), {});
    await supervisor.start(await scripted(own, forever, { instance: 'shop@green' }), {});
    const names = async (): Promise<unknown> =>
      (await supervisor.list()).map(({ component, instance }) => `${component} ${instance}`).sort();
    assert.deepEqual(await names(), ['shop shop@blue', 'shop shop@green']);
    await supervisor.stop('shop@blue', 5_000);
    assert.deepEqual(await names(), ['shop shop@green']);
    await supervisor.stop('shop@green', 5_000);
  });

  test(`${name}: arguments and variables arrive as they are, sealed ones too, and what it wrote is found`, async (t) => {
    const own = await bench(t);
    const { folder, supervisor } = own;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a package's placeholder, or a shell's variable
    const odd = 'a "b" \'c\' $HOME ${HOME} %n %% \\ \\n `d` ; | é 漢\n second line\ttab # ';
    const note = noteIn(folder, 'seen');
    const script = `require('node:fs').writeFileSync(${JSON.stringify(note)}, JSON.stringify([process.argv[2], process.env.ODD, process.env.SEALED, process.env.XYLEM_TEST_SECRET ?? null]));
      console.log('it says this'); ${forever}`;
    process.env.XYLEM_TEST_SECRET = 'not for services';
    const spec = await scripted(own, script, { environment: { ODD: odd }, sealed: { SEALED: 'v1' } });
    const sealed = `sealed ${odd}`;
    await supervisor.start({ ...spec, command: [...spec.command, odd] }, { SEALED: sealed });
    const seen = JSON.parse(await waitFor('its note', () => textOf(note))) as unknown;
    assert.deepEqual(seen, [odd, odd, sealed, null]);
    const output = await waitFor('its output', async () => {
      const { last } = await supervisor.output('shop');
      return last.includes('it says this');
    });
    assert.ok(output);
    await supervisor.stop('shop', 5_000);
  });

  test(`${name}: its user is another one, with nothing of root`, async (t) => {
    if (lacks.user !== undefined) return t.skip(lacks.user);
    const own = await bench(t);
    const { supervisor } = own;
    const script = `const status = require('node:fs').readFileSync('/proc/self/status', 'utf8');
      console.log(JSON.stringify([process.getuid(), process.getgid(), /CapEff:\\s*0+\\n/.test(status), process.env.USER])); ${forever}`;
    const spec = await scripted(own, script, { terms: { user: 'nobody', group: 'nogroup' } });
    await supervisor.check(spec);
    // As the driver opens it to a service's user.
    await chmod(own.folder, 0o711);
    await supervisor.start(spec, {});
    const said = await waitFor('what it says', async () => {
      const { last } = await supervisor.output('shop');
      return /\[\d.*\]/.exec(last)?.[0];
    });
    assert.deepEqual(JSON.parse(said), [65_534, 65_534, true, 'nobody']);
    await supervisor.stop('shop', 5_000);
    await assert.rejects(supervisor.check({ ...spec, terms: { user: 'no-such-user' } }), {
      code: 'E_DRIVER_UNSUPPORTED',
      message: /no such user/,
    });
  });

  test(`${name}: limits hold, and one that ends for want of memory is said to`, async (t) => {
    if (lacks.limits !== undefined) return t.skip(lacks.limits);
    const own = await bench(t);
    const { supervisor } = own;
    const limits = { memoryBytes: 100 * 2 ** 20, processes: 40, openFiles: 123, cpuPercent: 200 };
    const open = `console.log(/Max open files\\s+(\\d+)/.exec(require('node:fs').readFileSync('/proc/self/limits', 'utf8'))[1]); ${forever}`;
    await supervisor.start(await scripted(own, open, { terms: { limits } }), {});
    await waitFor('its limit of files', async () => (await supervisor.output('shop')).last.includes('123'));
    const greedy =
      'const a = []; while (a.length < 100) a.push(Buffer.alloc(4 << 20, 1)); setInterval(() => a, 1000);';
    const terms: ServiceTerms = { limits, restart: { policy: 'never' } };
    await supervisor.start(await scripted(own, greedy, { terms }), {});
    const ended = await waitFor('its end', async () => {
      const state = await only(supervisor);
      return state.rests === true ? state : null;
    });
    assert.match(exitText(ended.lastExit), /memory.*100 MiB/);
    const forks = `const { spawn } = require('node:child_process'); let failed = '';
      for (let i = 0; i < 60 && failed === ''; i++) { try { spawn('sleep', ['1000']).on('error', (error) => { failed = error.code; }); } catch (error) { failed = error.code; } }
      setInterval(() => { if (failed) console.log('no more: ' + failed); }, 100);`;
    await supervisor.start(await scripted(own, forks, { terms: { limits: { processes: 40 } } }), {});
    await waitFor('its limit of processes', async () =>
      (await supervisor.output('shop')).last.includes('EAGAIN'),
    );
    await supervisor.stop('shop', 1_000);
  });
}
