import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { isAlive } from '../state/process-identity.ts';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import { waitFor } from '../testing/wait-for.ts';
import { type Supervisor, supervisorClient } from './client.ts';
import { connectSupervisor } from './connection.ts';
import type { ServiceSpec, ServiceState } from './protocol.ts';
import { supervisorSocketPath } from './socket-path.ts';

const main = testMain(new URL('../testing/supervisor-main.ts', import.meta.url));
/** Each start of a supervisor is a line of the file `starts`. */
const noted = 'echo started >> "$0/starts"; exec "$@"';
const forever = 'setInterval(() => undefined, 1000)';

interface Bench {
  readonly folder: string;
  readonly supervisor: Supervisor;
  readonly changed: string[];
  pid(): Promise<number>;
}

async function bench(context: TestContext, folder?: string, idleMs = 60_000): Promise<Bench> {
  const stateFolder = folder ?? (await temporaryFolder(context));
  await mkdir(stateFolder, { recursive: true });
  const changed: string[] = [];
  const supervisor = supervisorClient({
    stateFolder,
    command: ['/bin/sh', '-c', noted, stateFolder, process.execPath, main, stateFolder, String(idleMs)],
    clock: systemClock,
    log: silentLog,
    changed: (component) => changed.push(String(component)),
  });
  const pid = async (): Promise<number> => {
    const connection = await connectSupervisor(supervisorSocketPath(stateFolder), {
      changed: () => undefined,
      closed: () => undefined,
    });
    const hello = (await connection?.ask({ op: 'hello' }, 5_000)) as { pid: number } | undefined;
    connection?.close();
    return hello?.pid ?? 0;
  };
  cleanUp(context, async () => {
    for (const { instance } of await supervisor.list()) await supervisor.stop(instance, 100);
    const own = await pid();
    supervisor.close();
    if (own > 0) process.kill(own, 'SIGKILL');
  });
  return { folder: stateFolder, supervisor, changed, pid };
}

function spec(folder: string, script: string, more: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    component: 'shop',
    command: [process.execPath, '-e', script],
    environment: {},
    workingFolder: folder,
    stopTimeoutMs: 5_000,
    tree: 'a'.repeat(64),
    fingerprint: script,
    ...more,
  };
}

async function only(supervisor: Supervisor): Promise<ServiceState> {
  const [state, ...others] = await supervisor.list();
  assert.ok(state);
  assert.equal(others.length, 0);
  return state;
}

const running = (supervisor: Supervisor, not?: number): Promise<ServiceState> =>
  waitFor('a running service', async () => {
    const state = await only(supervisor);
    return state.process !== null && state.process.pid !== not ? state : null;
  });

test('starts a service in a session of its own, and starts it only once', async (context) => {
  const { folder, supervisor } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  const first = await running(supervisor);
  await supervisor.start(spec(folder, forever), {});
  const second = await only(supervisor);
  assert.equal(second.process?.pid, first.process?.pid);
  const stat = readFileSync(`/proc/${first.process?.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  assert.equal(Number(fields[2]), first.process?.pid, 'leads its group');
  assert.equal(Number(fields[3]), first.process?.pid, 'leads its session');
});

test('lists nothing and starts no process where nothing was ever started', async (context) => {
  const { folder, supervisor } = await bench(context);
  assert.deepEqual(await supervisor.list(), []);
  assert.equal(existsSync(join(folder, 'supervisor')), false);
});

test('replaces a service whose fingerprint differs', async (context) => {
  const { folder, supervisor } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  const old = await running(supervisor);
  await supervisor.start(spec(folder, forever, { fingerprint: 'other' }), {});
  const fresh = await running(supervisor, old.process?.pid);
  assert.equal(fresh.fingerprint, 'other');
  assert.ok(old.process && !isAlive(old.process));
});

test('starts a crashed service again and tells its connections', async (context) => {
  const { folder, supervisor, changed } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  const { process: first } = await running(supervisor);
  assert.ok(first);
  process.kill(first.pid, 'SIGKILL');
  const again = await running(supervisor, first.pid);
  assert.equal(again.restarts, 1);
  assert.equal(again.lastExit?.signal, 'SIGKILL');
  assert.ok(changed.includes('shop'));
});

test('a command that does not exist is said, not thrown', async (context) => {
  const { folder, supervisor } = await bench(context);
  await supervisor.start(spec(folder, '', { command: ['/does/not/exist'] }), {});
  const state = await waitFor('an exit', async () => {
    const found = await only(supervisor);
    return found.lastExit === null ? null : found;
  });
  assert.match(state.lastExit?.error ?? '', /ENOENT/);
  assert.equal(state.process, null);
});

test('stop kills what ignores SIGTERM, and its descendants in other sessions', async (context) => {
  const { folder, supervisor } = await bench(context);
  const note = join(folder, 'grandchild');
  const script = `process.on('SIGTERM', () => undefined);
    const c = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { detached: true, stdio: 'ignore' });
    require('node:fs').writeFileSync(${JSON.stringify(note)}, String(c.pid)); ${forever}`;
  await supervisor.start(spec(folder, script, { stopTimeoutMs: 300 }), {});
  const grandchild = await waitFor(
    'the grandchild',
    () => existsSync(note) && Number(readFileSync(note, 'utf8')),
  );
  const { process: leader } = await only(supervisor);
  await supervisor.stop('shop', 300);
  assert.deepEqual(await supervisor.list(), []);
  assert.ok(leader && !isAlive(leader));
  assert.equal(
    existsSync(`/proc/${grandchild}/exe`) && readFileSync(`/proc/${grandchild}/cmdline`, 'utf8') !== '',
    false,
  );
});

test('services outlive a killed supervisor; the next one adopts them and still restarts and stops them', async (context) => {
  const { folder, supervisor, pid } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  const before = await running(supervisor);
  const first = await pid();
  process.kill(first, 'SIGKILL');
  await waitFor('the end of the supervisor', () => !existsSync(`/proc/${first}/exe`));
  const adopted = await waitFor('an answer', () => supervisor.list().catch(() => null));
  assert.equal(adopted[0]?.process?.pid, before.process?.pid, 'same process');
  assert.notEqual(await pid(), first);
  assert.ok(before.process);
  process.kill(before.process.pid, 'SIGKILL');
  const again = await running(supervisor, before.process.pid);
  assert.equal(again.restarts, 1);
  await supervisor.stop('shop', 1_000);
  assert.ok(again.process && !isAlive(again.process));
});

test('several services of one component run side by side, each with a log of its own, and outlive their supervisor', async (context) => {
  const { folder, supervisor, pid } = await bench(context);
  const says = (what: string): string => `console.log('${what}'); ${forever}`;
  await supervisor.start(spec(folder, says('blue'), { instance: 'shop@blue' }), {});
  await supervisor.start(spec(folder, says('green'), { instance: 'shop@green' }), {});
  const logOf = (instance: string): string => {
    const path = join(folder, 'logs', `${instance}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  await waitFor('both logs', () => logOf('shop@blue') === 'blue\n' && logOf('shop@green') === 'green\n');
  const before = await supervisor.list();
  assert.deepEqual(
    before.map(({ component, instance }) => [component, instance]),
    [
      ['shop', 'shop@blue'],
      ['shop', 'shop@green'],
    ],
  );
  const first = await pid();
  process.kill(first, 'SIGKILL');
  await waitFor('the end of the supervisor', () => !existsSync(`/proc/${first}/exe`));
  const pidsOf = (states: readonly ServiceState[]): unknown => states.map(({ process: own }) => own?.pid);
  const adopted = await waitFor('an answer', () => supervisor.list().catch(() => null));
  assert.deepEqual(pidsOf(adopted), pidsOf(before), 'the same processes');
  await supervisor.stop('shop@blue', 1_000);
  assert.deepEqual(
    (await supervisor.list()).map(({ instance }) => instance),
    ['shop@green'],
  );
});

test('who asks for a dead supervisor at the same moment gets the same new one', async (context) => {
  const { folder, supervisor, pid } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  await running(supervisor);
  const first = await pid();
  process.kill(first, 'SIGKILL');
  await waitFor('the end of the supervisor', () => !existsSync(`/proc/${first}/exe`));
  const all = () => Promise.all([supervisor.list(), supervisor.list(), supervisor.stop('none', 100)]);
  await waitFor('an answer', () => all().catch(() => null));
  assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), 'started\n'.repeat(2));
});

test('a process that was started but never recorded is adopted by its mark', async (context) => {
  const { folder, supervisor, pid } = await bench(context);
  await supervisor.start(spec(folder, forever), {});
  const before = await running(supervisor);
  process.kill(await pid(), 'SIGKILL');
  const table = join(folder, 'supervisor', 'services.json');
  const text = JSON.parse(readFileSync(table, 'utf8')) as {
    services: { process: unknown }[];
    checksum?: string;
  };
  for (const service of text.services) service.process = null;
  // As an older version wrote it.
  delete text.checksum;
  const { writeFile } = await import('node:fs/promises');
  await writeFile(table, JSON.stringify(text));
  const adopted = await waitFor('an answer', () => supervisor.list().catch(() => null));
  assert.equal(adopted[0]?.process?.pid, before.process?.pid);
});

test('ends by itself when nothing is left to do', async (context) => {
  const { folder, supervisor, pid } = await bench(context, undefined, 200);
  await supervisor.start(spec(folder, forever), {});
  const own = await pid();
  await supervisor.stop('shop', 1_000);
  supervisor.close();
  await waitFor('its end', () => !existsSync(`/proc/${own}/exe`));
  assert.deepEqual(await supervisor.list(), []);
});

test('a state folder with a long path works', async (context) => {
  const long = join(await temporaryFolder(context), 'x'.repeat(120));
  const { folder, supervisor } = await bench(context, long);
  await supervisor.start(spec(folder, forever), {});
  assert.ok((await running(supervisor)).process);
  assert.ok(Buffer.byteLength(supervisorSocketPath(folder)) <= 103);
});

test('a service writes to its log and sees none of the agent’s environment', async (context) => {
  process.env.XYLEM_TEST_SECRET = 'do not tell';
  const { folder, supervisor } = await bench(context);
  await supervisor.start(
    spec(folder, `console.log(JSON.stringify(process.env)); ${forever}`, { environment: { GIVEN: 'yes' } }),
    {},
  );
  const log = await waitFor('a log line', () => {
    const path = join(folder, 'logs', 'shop.log');
    return existsSync(path) && readFileSync(path, 'utf8').includes('GIVEN') && readFileSync(path, 'utf8');
  });
  assert.ok(!log.includes('do not tell'));
});
