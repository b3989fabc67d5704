import assert from 'node:assert/strict';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { XylemError } from '@xylem/core';
import { silentLog } from '@xylem/platform';
import { freePort, testClock } from '@xylem/testkit';
import type { DriverTools } from '../drivers/driver.ts';
import { stateLayout } from '../state/layout.ts';
import { convergeOnce } from '../testing/converge-once.ts';
import { Bench, converge } from '../testing/crash-sweep.ts';
import { httpService, type TestPackage, testPackage } from '../testing/packages.ts';
import { temporaryFolder } from '../testing/state-folder.ts';
import { locksOf } from './locks.ts';

type Lock = NonNullable<TestPackage['document']['lock']>;

async function host(context: TestContext, lock: Lock = { file: 'busy' }) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const folder = join(state, 'components', 'web');
  const waited = stateLayout(state).component('web').lock;
  const passed: string[] = [];
  const version = (name: string): TestPackage =>
    testPackage({
      component: 'web',
      version: name,
      lock,
      files: {
        page: name,
        'is-busy!':
          '#!/bin/sh\n[ -e "$XYLEM_DATA/busy" ] || exit 0\ncat "$XYLEM_DATA/busy"\nexit "$(cat "$XYLEM_DATA/code")"\n',
      },
    });
  return {
    bench,
    state,
    folder,
    waited,
    passed,
    version,
    held: async (code = '75') => {
      await mkdir(join(folder, 'data'), { recursive: true });
      await writeFile(join(folder, 'data', 'busy'), 'prints 3 pages\n');
      await writeFile(join(folder, 'data', 'code'), code);
    },
    free: () => rm(join(folder, 'data', 'busy')),
    page: () => readFile(join(folder, 'current', 'page'), 'utf8').catch(() => null),
    run: async (packages: readonly TestPackage[], lockAtMostMs?: number) =>
      await convergeOnce(state, await bench.wanted(packages), silentLog, {
        lockAtMostMs: () => lockAtMostMs,
        passedOver: (_component, message) => passed.push(message),
      }),
  };
}

test('a lock that is held holds up a new version, which is ready when it is free', async (context) => {
  const { run, version, held, free, page, waited } = await host(context);
  assert.ok((await run([version('1.0.0')])).rested);
  await held();
  const after = await run([version('2.0.0')]);
  const { code, message } = after.waiting.get('web') ?? { code: null, message: '' };
  assert.equal(code, 'E_LOCKED');
  assert.match(
    message,
    /web 1\.0\.0 holds up 2\.0\.0 since \S+Z: \/.*\/data\/busy is there\. It goes on when it is free, at \S+Z in any case/,
  );
  assert.equal(await page(), '1.0.0');
  assert.equal(after.slots.get('web')?.record?.refused, null);
  assert.equal(after.slots.get('web')?.trees.length, 2, 'the new version lies ready');
  await free();
  assert.ok((await run([version('2.0.0')])).rested);
  assert.equal(await page(), '2.0.0');
  await assert.rejects(readFile(waited), /ENOENT/);
});

test('never for ever: when its time is over it is overridden, and the next change is held up anew', async (context) => {
  const { run, version, held, page, passed, waited } = await host(context);
  await run([version('1.0.0')]);
  await held();
  const hourMs = 3_600_000;
  assert.equal((await run([version('2.0.0')], hourMs)).waiting.get('web')?.code, 'E_LOCKED');
  const wait = JSON.parse(await readFile(waited, 'utf8')) as object;
  await writeFile(waited, JSON.stringify({ ...wait, waitedMs: hourMs, checksum: undefined }));
  // Another version meanwhile does not give the lock its time again.
  assert.ok((await run([version('2.1.0')], hourMs)).rested);
  assert.equal(await page(), '2.1.0');
  assert.match(passed.join(), /web 1\.0\.0 holds up 2\.1\.0 .* It may for 3600 s, and the change goes on/);
  assert.equal((await run([version('3.0.0')], hourMs)).waiting.get('web')?.code, 'E_LOCKED');
  assert.ok((await run([version('3.0.0')], 0)).rested, 'direction may give locks no time at all');
  assert.equal(await page(), '3.0.0');
});

test('what is urgent is held up like the rest, unless it passes locks by name', async (context) => {
  const { run, version, held, page } = await host(context);
  await run([version('1.0.0')]);
  await held();
  const urgent = { ...version('2.0.0'), urgent: true } as const;
  assert.equal((await run([urgent])).waiting.get('web')?.code, 'E_LOCKED');
  assert.equal((await run([{ ...urgent, passes: ['freezes'] }])).waiting.get('web')?.code, 'E_LOCKED');
  assert.ok((await run([{ ...urgent, passes: ['locks'] }])).rested);
  assert.equal(await page(), '2.0.0');
  const other = { ...version('3.0.0'), urgent: true, passes: ['locks'] } as const;
  assert.equal((await run([{ ...other, overrides: ['locks:backup'] }])).waiting.get('web')?.code, 'E_LOCKED');
  assert.ok((await run([{ ...other, overrides: ['locks:backup', 'locks:web'] }])).rested);
  assert.equal(await page(), '3.0.0');
});

test('a change that was given up does not count, nor does a damaged record', async (context) => {
  const { run, version, held, waited } = await host(context);
  await run([version('1.0.0')]);
  await held();
  assert.equal((await run([version('2.0.0')])).waiting.get('web')?.code, 'E_LOCKED');
  assert.ok((await run([version('1.0.0')])).rested);
  await assert.rejects(readFile(waited), /ENOENT/);
  await writeFile(waited, 'damaged');
  assert.equal((await run([version('2.0.0')])).waiting.get('web')?.code, 'E_LOCKED');
  assert.equal((JSON.parse(await readFile(waited, 'utf8')) as { waitedMs: number }).waitedMs, 0);
});

test('a clock that leaps makes the time of a lock neither longer nor shorter', async (context) => {
  const { version, held, waited, state } = await host(context);
  await held();
  const clock = testClock();
  const hourMs = 3_600_000;
  const plan = {
    component: 'web',
    kind: 'files',
    action: 'update',
    target: version('2.0.0'),
    isReturn: false,
    outgoing: version('1.0.0'),
    steps: [],
    drift: null,
  } as const;
  const agent = (): (() => Promise<string>) => {
    const tools = { layout: stateLayout(state), node: '', clock, log: silentLog };
    const signal = new AbortController().signal;
    const locks = locksOf({
      tools: { ...tools, signal } as unknown as DriverTools,
      lockAtMostMs: () => hourMs,
    });
    return () =>
      locks.refuse(plan).then(
        () => 'goes on',
        ({ code }: XylemError) => code,
      );
  };
  let look = agent();
  const start = clock.now();
  assert.equal(await look(), 'E_LOCKED');
  for (const leapMs of [-10 * 365 * 24 * hourMs, 10 * 365 * 24 * hourMs]) {
    clock.leapTo(start + leapMs);
    assert.equal(await look(), 'E_LOCKED');
  }
  for (let minutes = 5; minutes < 55; minutes += 5) {
    await clock.advance(300_000);
    clock.leapTo(start - minutes * hourMs);
    // A start of the agent believes 10 minutes of it, of which 5 have passed.
    if (minutes === 30) {
      look = agent();
      clock.leapTo(start + 1000 * hourMs);
    }
    assert.equal(await look(), 'E_LOCKED', `after ${minutes} minutes`);
  }
  await clock.advance(300_000);
  assert.equal(await look(), 'goes on');
  assert.match(await readFile(waited, 'utf8'), /"waitedMs":3\d{6}/);
});

test('a link that leads nowhere holds, and a change of kind is held up before the old kind ends', async (context) => {
  const { run, version, folder, held, page } = await host(context);
  await run([version('1.0.0')]);
  await mkdir(join(folder, 'data'), { recursive: true });
  await symlink('/nowhere', join(folder, 'data', 'busy'));
  const port = await freePort();
  const asService = httpService({ component: 'web', version: '2.0.0', port });
  assert.equal((await run([asService])).waiting.get('web')?.code, 'E_LOCKED');
  assert.equal(await page(), '1.0.0');
  await rm(join(folder, 'data', 'busy'));
  await held();
  assert.equal((await run([version('2.0.0')])).waiting.get('web')?.code, 'E_LOCKED');
});

test('a lock holds up a removal, and neither a repair nor the return to a kept version', async (context) => {
  const { run, version, held, free, page, folder } = await host(context);
  await run([version('1.0.0')]);
  await run([version('2.0.0')]);
  await held();
  const gone = await run([]);
  assert.match(gone.waiting.get('web')?.message ?? '', /web 2\.0\.0 holds up its removal/);
  assert.equal(await page(), '2.0.0');
  await rm(join(folder, 'current'));
  assert.ok((await run([version('2.0.0')])).rested);
  assert.equal(await page(), '2.0.0');
  assert.ok((await run([version('1.0.0')])).rested);
  assert.equal(await page(), '1.0.0');
  await free();
  assert.ok((await run([])).rested);
  assert.equal(await page(), null);
});

test('a lock command holds by 75, is free by 0, and counts as free, and is reported, by all else', async (context) => {
  const { run, version, held, page, passed } = await host(context, { command: ['./is-busy'] });
  await run([version('1.0.0')]);
  await held();
  const after = await run([version('2.0.0')]);
  assert.match(after.waiting.get('web')?.message ?? '', /its lock command says prints 3 pages\./);
  assert.equal(await page(), '1.0.0');
  await held('1');
  assert.ok((await run([version('2.0.0')])).rested);
  assert.equal(await page(), '2.0.0');
  assert.match(passed.join(), /web 1\.0\.0: its lock command ended with 1\. It said: prints 3 pages/);
});

/** A service with a lock. */
function lockedService(version: string, port: number): TestPackage {
  const own = httpService({ component: 'web', version, port });
  const { service, health } = own.document;
  return testPackage({
    component: 'web',
    version,
    kind: 'service',
    ...(service === undefined ? {} : { service }),
    ...(health === undefined ? {} : { health }),
    config: own.config,
    lock: { file: 'busy' },
    files: own.files,
  });
}

test('a service is not stopped while its lock is held', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const port = await freePort();
  const before = await converge(state, await bench.wanted([lockedService('1.0.0', port)]));
  await mkdir(join(state, 'components/web/data'), { recursive: true });
  await writeFile(join(state, 'components/web/data/busy'), '');
  const after = await converge(state, await bench.wanted([lockedService('2.0.0', port)]));
  assert.equal(after.waiting.get('web')?.code, 'E_LOCKED');
  assert.equal(after.slots.get('web')?.running?.instance, before.slots.get('web')?.running?.instance);
});

test('a removal that was cut off goes on, whatever is locked by then', async (context) => {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const port = await freePort();
  await converge(state, await bench.wanted([lockedService('1.0.0', port)]));
  const journal = stateLayout(state).component('web').journal;
  await mkdir(join(state, 'components/web/data'), { recursive: true });
  await writeFile(join(state, 'components/web/data/busy'), '');
  assert.equal((await converge(state, await bench.wanted([]))).waiting.get('web')?.code, 'E_LOCKED');
  await writeFile(journal, '{"at":"x","step":"stop","phase":"begin","fingerprint":""}\n');
  assert.ok((await converge(state, await bench.wanted([]))).rested);
});

test('a lock command that hangs is ended, counts as free, and is reported', async (context) => {
  const lock = { command: ['/bin/sh', '-c', 'sleep 300 & wait'], timeoutMs: 300 };
  const { run, version, page, passed } = await host(context, lock);
  await run([version('1.0.0')]);
  assert.ok((await run([version('2.0.0')])).rested);
  assert.equal(await page(), '2.0.0');
  assert.match(
    passed.join(),
    /its lock command did not end in 300 ms\. It printed nothing\. It counts as free/,
  );
});
