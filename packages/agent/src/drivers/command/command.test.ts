import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseCommandQuestion } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { testMain, waitUntil } from '@xylem/testkit';
import { readOnlyTools } from '../../explain/read-only.ts';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { lineCommand, type TestPackage, testPackage } from '../../testing/packages.ts';
import { temporaryFolder } from '../../testing/state-folder.ts';
import { commandDriver } from './index.ts';

type Flaw = Parameters<typeof lineCommand>[0]['flaw'];

/** A host and one component whose line stands in a file outside of the state folder. */
async function hostWith(context: TestContext) {
  const bench = new Bench(await temporaryFolder(context));
  const state = await bench.state(context);
  const target = join(bench.folder, 'line');
  const version = (name: string, flaw?: Flaw): TestPackage =>
    lineCommand({ component: 'cron', version: name, target, ...(flaw === undefined ? {} : { flaw }) });
  return {
    bench,
    state,
    target,
    version,
    line: () =>
      readFile(target, 'utf8').then(
        (text) => text.trim(),
        () => null,
      ),
    run: async (packages: readonly TestPackage[]) => await converge(state, await bench.wanted(packages)),
  };
}

/** Runs its program only after it was installed: a script whose observe breaks later. */
const breaksLater = (host: { version: (name: string) => TestPackage; target: string }): TestPackage => {
  const good = host.version('1.0.0');
  const script = good.files['line.sh!'] ?? '';
  return testPackage({
    component: 'cron',
    version: '1.0.0',
    kind: 'command',
    config: good.config,
    command: good.document.command,
    files: {
      'line.sh!': String(script).replace(
        'case $1 in',
        `[ -e "$2.broken" ] && { echo broken >&2; exit 9; }\ncase $1 in`,
      ),
    },
  });
};

test('programs are told who they are, what they get and who was there before', async (context) => {
  const host = await hostWith(context);
  await host.run([host.version('1.0.0')]);
  await host.run([host.version('2.0.0')]);
  const questions = readFileSync(`${host.target}.asked`, 'utf8').trim().split('\n').map(parseCommandQuestion);
  const last = questions.findLast(({ operation }) => operation === 'apply');
  assert.equal(last?.version, '2.0.0');
  assert.deepEqual(last?.config, { target: host.target });
  assert.equal(last?.previous?.version, '1.0.0');
  assert.equal(last?.data, join(host.state, 'components', 'cron', 'data'));
  assert.ok(last?.previous?.tree?.startsWith(join(host.state, 'components', 'cron', 'trees')));
});

test('a program that does not end is ended with all that it started, and its output is in the refusal', async (context) => {
  const host = await hostWith(context);
  await host.run([host.version('1.0.0')]);
  const after = await host.run([host.version('2.0.0', 'hang')]);
  assert.match(after.waiting.get('cron')?.message ?? '', /2\.0\.0: apply did not end in 300 ms/);
  const sleeper = Number(await readFile(`${host.target}.sleeper`, 'utf8'));
  await waitUntil(() => !existsSync(`/proc/${sleeper}`), 20_000, 'the sleeper to end');
  assert.equal(await host.line(), '1.0.0');
  const refused = await host.run([host.version('3.0.0', 'apply')]);
  assert.equal(refused.waiting.get('cron')?.code, 'E_HOOK_FAILED');
  assert.match(refused.waiting.get('cron')?.message ?? '', /apply ended with 3\. It said: no such slot/);
  const log = readFileSync(join(host.state, 'logs', 'cron.steps.log'), 'utf8');
  assert.match(log, /apply of cron 3\.0\.0 ended with 3\nno such slot/);
});

test('an apply that ends well and changed nothing is refused: what observe says decides', async (context) => {
  const host = await hostWith(context);
  const lies = lineCommand({ component: 'cron', version: '1.0.0', target: host.target });
  const script = String(lies.files['line.sh!']).replace(`mv "$2.new" "$2"`, 'true');
  const after = await host.run([
    testPackage({
      component: 'cron',
      version: '1.0.0',
      kind: 'command',
      config: lies.config,
      command: lies.document.command,
      files: { 'line.sh!': script },
    }),
  ]);
  assert.match(after.waiting.get('cron')?.message ?? '', /apply ended well, and observe says "absent"/);
  assert.equal(after.slots.get('cron')?.running, null, 'nothing of it is remembered as applied');
});

test('a broken observe of what is installed changes nothing, is reported, and does not keep the next version away', async (context) => {
  const host = await hostWith(context);
  const one = breaksLater(host);
  assert.ok((await host.run([one])).rested);
  writeFileSync(`${host.target}.broken`, '');
  const again = await host.run([one]);
  assert.ok(again.rested);
  assert.equal(again.slots.get('cron')?.running?.wrong?.code, 'E_HOOK_FAILED');
  assert.match(
    again.slots.get('cron')?.running?.wrong?.message ?? '',
    /observe ended with 9\. It said: broken/,
  );
  assert.ok((await host.run([host.version('2.0.0')])).rested);
  assert.equal(await host.line(), '2.0.0');
});

test('a broken remove keeps a component from being removed, and not from being replaced by one of another kind', async (context) => {
  const host = await hostWith(context);
  const one = host.version('1.0.0', 'remove');
  await host.run([one]);
  const kept = await host.run([]);
  assert.match(kept.waiting.get('cron')?.message ?? '', /remove ended with 5\. It said: nothing removes me/);
  assert.equal(kept.slots.get('cron')?.record?.installed?.version, '1.0.0');
  const replaced = await host.run([
    testPackage({ component: 'cron', version: '2.0.0', kind: 'files', files: { page: '2' } }),
  ]);
  assert.ok(replaced.rested);
  assert.deepEqual([...replaced.waiting], []);
  assert.equal(replaced.slots.get('cron')?.record?.installed?.kind, 'files');
  assert.equal(replaced.slots.get('cron')?.running, null);
});

test('of a first version that failed half-way, its own remove takes back what it brought', async (context) => {
  const host = await hostWith(context);
  const after = await host.run([host.version('1.0.0', 'apply')]);
  assert.equal(after.waiting.get('cron')?.code, 'E_HOOK_FAILED');
  assert.equal(await host.line(), null);
  assert.ok(after.rested);
});

test('what is undone again and again is put back a few times, and the pass ends', async (context) => {
  const host = await hostWith(context);
  const one = host.version('1.0.0');
  const script = String(one.files['line.sh!']).replace(
    `{ echo '{"state":"applied"}'; exit; }`,
    `{ echo '{"state":"applied"}'; echo theirs >"$2"; exit; }`,
  );
  const unstable = testPackage({
    component: 'cron',
    version: '1.0.0',
    kind: 'command',
    config: one.config,
    command: one.document.command,
    files: { 'line.sh!': script },
  });
  const actions: string[] = [];
  const drifts = new Set<string | null>();
  const after = await converge(host.state, await host.bench.wanted([unstable]), ({ action, drift }) => {
    actions.push(action);
    drifts.add(drift);
  });
  assert.equal(after.rested, false);
  assert.deepEqual(actions, ['install', 'repair', 'repair', 'repair']);
  assert.deepEqual([...drifts], [null, 'what it applied is not as it should be: it says theirs']);
});

test('a program that a killed agent left behind is ended before the next one runs', async (context) => {
  const host = await hostWith(context);
  await host.run([host.version('1.0.0')]);
  const slow = lineCommand({ component: 'cron', version: '2.0.0', target: host.target, flaw: 'hang' });
  const block = slow.document.command;
  assert.ok(block);
  const patient = {
    ...slow,
    document: { ...slow.document, command: { ...block, apply: { ...block.apply, timeoutMs: 600_000 } } },
  };
  const wanted = await host.bench.wanted([patient]);
  const main = testMain(new URL('../../testing/converge-main.ts', import.meta.url));
  const agent = spawn(process.execPath, [main, host.state, wanted, 'none'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => agent.once('exit', resolve));
  const sleeping = `${host.target}.sleeper`;
  await waitUntil(() => existsSync(sleeping) && readFileSync(sleeping, 'utf8') !== '', 30_000, 'its apply');
  agent.kill('SIGKILL');
  await ended;
  const sleeper = Number(readFileSync(sleeping, 'utf8'));
  assert.ok(existsSync(`/proc/${sleeper}`), 'it outlives the agent');
  await rm(sleeping);
  assert.ok((await host.run([host.version('3.0.0')])).rested);
  await waitUntil(() => !existsSync(`/proc/${sleeper}`), 20_000, 'the program of the killed agent to end');
  assert.equal(await host.line(), '3.0.0');
});

test('whoever looks beside the agent ends nothing that the agent runs', async (context) => {
  const host = await hostWith(context);
  await host.run([host.version('1.0.0')]);
  const two = host.version('2.0.0');
  const waits = `touch "$2.begun"; while [ ! -e "$2.go" ]; do sleep 0.05; done; mv "$2.new" "$2"`;
  const { config } = two;
  const { command } = two.document;
  const files = { 'line.sh!': String(two.files['line.sh!']).replace(`mv "$2.new" "$2"`, waits) };
  const slow = testPackage({ component: 'cron', version: '2.0.0', kind: 'command', config, command, files });
  const applying = host.run([slow]);
  await waitUntil(() => existsSync(`${host.target}.begun`), 20_000, 'apply to be under way');
  const tools = readOnlyTools({ stateFolder: host.state, node: process.execPath, clock: systemClock });
  const seen = await commandDriver.observe(tools, new Map(), new Map([['cron', new Set(['touched.json'])]]));
  assert.ok(seen.has('cron'), 'its program was asked');
  writeFileSync(`${host.target}.go`, '');
  const after = await applying;
  assert.deepEqual([...after.waiting], []);
  assert.equal(await host.line(), '2.0.0');
});
