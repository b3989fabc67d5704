import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hookSteps } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { freePort, testMain } from '@xylem/testkit';
import { convergeOnce } from '../testing/converge-once.ts';
import { Bench, converge } from '../testing/crash-sweep.ts';
import { httpService, type TestPackage, testPackage } from '../testing/packages.ts';
import { temporaryFolder } from '../testing/state-folder.ts';
import { stepsOfKind } from './points.ts';
import { missingFor } from './preflight.ts';

/** Writes which hook it is into a file; `fails` ends with 7, `kills` ends the agent the first time. */
const script = `#!/bin/sh
echo "$XYLEM_COMPONENT $XYLEM_VERSION $XYLEM_HOOK $XYLEM_ACTION \${XYLEM_INSTALLED_VERSION:-none} $2" >>"$1"
case $2 in
  fails) echo 'the printer is on fire' >&2; exit 7 ;;
  kills) [ -e "$1.killed" ] || { touch "$1.killed"; kill -9 $PPID; sleep 60; } ;;
esac
`;

type Moments = NonNullable<TestPackage['document']['hooks']>;

function withHooks(
  bench: Bench,
  version: string,
  given: Readonly<Record<string, string>>,
  to: (options: { hooks: Moments; files: Record<string, string> }) => TestPackage = (options) =>
    testPackage({ component: 'web', version, ...options }),
): TestPackage {
  const moments: Record<string, Record<string, { command: string[]; timeoutMs: number }>> = {};
  for (const [place, does] of Object.entries(given)) {
    const [moment = '', step = ''] = place.split(' ');
    moments[moment] ??= {};
    Object.assign(moments[moment], {
      [step]: { command: ['./hook.sh', join(bench.folder, 'told'), does], timeoutMs: 20_000 },
    });
  }
  return to({ hooks: moments, files: { 'hook.sh!': script, page: version } });
}

async function host(context: TestContext) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const path = join(bench.folder, 'told');
  return {
    bench,
    state,
    /** What hooks have said since the last time. */
    told: async (): Promise<string[]> => {
      const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
      await writeFile(path, '');
      return lines;
    },
    run: async (...packages: TestPackage[]) => await converge(state, await bench.wanted(packages)),
  };
}

test('hooks run around their steps, and are told which', async (context) => {
  const { bench, told, run } = await host(context);
  const places = { 'before preflight': '', 'before switch': '', 'after switch': '', 'before commit': '' };
  assert.ok((await run(withHooks(bench, '1.0.0', places))).rested);
  assert.deepEqual(await told(), [
    'web 1.0.0 before preflight install none ',
    'web 1.0.0 before switch install none ',
    'web 1.0.0 after switch install none ',
    'web 1.0.0 before commit install none ',
  ]);
  await run(withHooks(bench, '2.0.0', { 'after switch': '' }));
  assert.deepEqual(await told(), ['web 2.0.0 after switch update 1.0.0 ']);
  await run(withHooks(bench, '2.0.0', { 'after switch': '' }));
  assert.deepEqual(await told(), [], 'what is right takes no steps');
});

test('a hook that fails keeps the new version out, its last words are reported, and the former one is back', async (context) => {
  const { bench, state, run } = await host(context);
  await run(withHooks(bench, '1.0.0', {}));
  for (const [version, place] of [
    ['2.0.0', 'before switch'],
    ['3.0.0', 'after switch'],
  ] as const) {
    const after = await run(withHooks(bench, version, { [place]: 'fails' }));
    const { code, message } = after.waiting.get('web') ?? { code: null, message: '' };
    assert.equal(code, 'E_HOOK_FAILED');
    assert.match(
      message,
      new RegExp(`web ${version}: its hook ${place} ended with 7. It said: the printer is on fire`),
    );
    assert.equal(await readFile(join(state, 'components/web/current/page'), 'utf8'), '1.0.0');
  }
  const log = await readFile(join(state, 'logs', 'web.steps.log'), 'utf8');
  assert.match(log, /hook after switch of web 3\.0\.0 ended with 7\nthe printer is on fire/);
});

test("an old version's broken hooks keep it neither from being replaced nor from being removed, and are reported", async (context) => {
  const { bench, state, told } = await host(context);
  const port = await freePort();
  const service = (version: string, given: Readonly<Record<string, string>>): TestPackage =>
    withHooks(bench, version, given, ({ hooks, files }) => {
      const own = httpService({ component: 'web', version, port });
      const { service: command, health } = own.document;
      return testPackage({
        component: 'web',
        version,
        kind: 'service',
        service: command,
        ...(health === undefined ? {} : { health }),
        config: own.config,
        hooks,
        files: { ...own.files, ...files },
      });
    });
  const passed: string[] = [];
  const run = async (...packages: TestPackage[]) =>
    await convergeOnce(state, await bench.wanted(packages), silentLog, {
      passedOver: (_component, message) => passed.push(message),
    });
  const broken = { 'before stop': 'fails', 'after stop': 'fails', 'before remove': 'fails' };
  assert.ok((await run(service('1.0.0', broken))).rested);
  assert.ok((await run(service('2.0.0', broken))).rested);
  assert.deepEqual(await told(), [
    'web 1.0.0 before stop update 1.0.0 fails',
    'web 1.0.0 after stop update 1.0.0 fails',
  ]);
  assert.equal(passed.length, 2);
  assert.match(passed[0] ?? '', /its hook before stop ended with 7\. It said: the printer is on fire/);
  const gone = await run();
  assert.ok(gone.rested);
  assert.equal(gone.slots.get('web')?.record ?? null, null);
  assert.equal(passed.length, 5);
});

test('a host that goes down in a hook runs it again, also where the step itself had acted', async (context) => {
  for (const place of ['before switch', 'after switch', 'before commit']) {
    const { bench, state, told } = await host(context);
    const wanted = await bench.wanted([withHooks(bench, '1.0.0', { [place]: 'kills' })]);
    const main = testMain(new URL('../testing/converge-main.ts', import.meta.url));
    const signal = await new Promise((resolve) => {
      execFile(process.execPath, [main, state, wanted, 'none'], (error) => resolve(error?.signal ?? null));
    });
    assert.equal(signal, 'SIGKILL');
    assert.equal((await told()).length, 1);
    assert.ok((await converge(state, wanted)).rested);
    assert.deepEqual(await told(), [`web 1.0.0 ${place} install none kills`]);
    assert.ok((await converge(state, wanted)).rested);
    assert.deepEqual(await told(), []);
  }
});

test('a new version waits for what its preflight asks for, and what runs stays', async (context) => {
  const { state, run } = await host(context);
  await run(testPackage({ component: 'web', version: '1.0.0', files: { page: '1' } }));
  const preflight = { diskFreeBytes: 2 ** 60, commands: ['sh', 'no-such-program'], kernel: '>=2.6' };
  const after = await run(
    testPackage({ component: 'web', version: '2.0.0', files: { page: '2' }, preflight }),
  );
  const { code, message } = after.waiting.get('web') ?? { code: null, message: '' };
  assert.equal(code, 'E_PREFLIGHT');
  assert.match(
    message,
    /web 2\.0\.0 needs .*: \d+ bytes free on its disk, and there are \d+; the program no-such-program on its PATH\. Nothing was touched/,
  );
  assert.equal(after.slots.get('web')?.record?.refused, null, 'it is tried again, not refused');
  assert.equal(await readFile(join(state, 'components/web/current/page'), 'utf8'), '1');
  const fits = { memoryBytes: 1, diskFreeBytes: 1, commands: ['sh'], kernel: '>=2.6' };
  const then = await run(
    testPackage({ component: 'web', version: '3.0.0', files: { page: '3' }, preflight: fits }),
  );
  assert.ok(then.rested);
});

test('preflight compares numbers, not letters', () => {
  const machine = { diskFreeBytes: 10, memoryBytes: 10, kernel: '5.10.0-28-amd64', has: () => true };
  assert.deepEqual(missingFor({ kernel: '>=5.9', memoryBytes: 10 }, machine), []);
  assert.deepEqual(missingFor({ kernel: '>=5.11', memoryBytes: 11 }, machine), [
    '11 bytes of available memory, and there are 10',
    'a kernel >=5.11, and this one is 5.10.0-28-amd64',
  ]);
  assert.equal(missingFor({ kernel: '>=6.1' }, machine).length, 1);
});

test('each step that can have hooks is a step of its kind', () => {
  for (const [kind, steps] of Object.entries(stepsOfKind)) {
    const known: readonly string[] = steps;
    assert.deepEqual(
      hookSteps[kind as keyof typeof stepsOfKind].filter((step) => !known.includes(step)),
      [],
      kind,
    );
  }
});
