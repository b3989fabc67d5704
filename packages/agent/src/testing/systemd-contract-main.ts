// The contract of supervisors over systemd, run inside of a host of its own: node --test systemd-contract-main.ts

import assert from 'node:assert/strict';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { stateLayout } from '../state/layout.ts';
import { isAlive } from '../state/process-identity.ts';
import { supervisorClient } from '../supervisor/client.ts';
import { stopServices } from '../supervisor/stop-services.ts';
import { besideFormer } from '../supervisor/systemd/beside.ts';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { endUnits } from '../supervisor/systemd/end-units.ts';
import { systemctl } from '../supervisor/systemd/systemctl.ts';
import { unitOf } from '../supervisor/systemd/unit.ts';
import type { ServiceTerms } from '../supervisor/terms.ts';
import { cleanUp, temporaryFolder } from './state-folder.ts';
import { scripted, supervisorContract } from './supervisor-contract.ts';
import { waitFor } from './wait-for.ts';

supervisorContract({
  name: 'systemd',
  bench: async (context) => {
    const folder = await temporaryFolder(context);
    const changed: string[] = [];
    const client = () =>
      systemdSupervisor({
        stateFolder: folder,
        clock: systemClock,
        log: silentLog,
        changed: (component) => changed.push(component),
      });
    const supervisor = client();
    cleanUp(context, async () => {
      for (const { instance } of await supervisor.list()) await supervisor.stop(instance, 1_000);
      supervisor.close();
    });
    return { folder, changed, supervisor, again: client };
  },
});

const forever = 'setInterval(() => undefined, 1000)';
const optionsOf = (folder: string) => ({
  stateFolder: folder,
  clock: systemClock,
  log: silentLog,
  changed: () => undefined,
});

test('systemd: a service that notifies runs once it has said so', async (context) => {
  const folder = await temporaryFolder(context);
  const supervisor = systemdSupervisor(optionsOf(folder));
  cleanUp(context, () => endUnits(optionsOf(folder)));
  const go = join(folder, 'go');
  const script = `const { existsSync } = require('node:fs');
    const timer = setInterval(() => { if (!existsSync(${JSON.stringify(go)})) return;
      clearInterval(timer); require('node:child_process').execFileSync('systemd-notify', ['--ready']); }, 50); ${forever}`;
  await supervisor.start(await scripted({ folder }, script, { terms: { type: 'notify' } }), {});
  const state = async () => (await supervisor.list())[0];
  await waitFor(
    'its process',
    async () => (await systemctl(['show', '-P', 'MainPID', unitOf('shop')])).trim() !== '0',
  );
  assert.equal((await state())?.process, null, 'not before it is ready');
  await writeFile(go, '');
  await waitFor('its word', async () => ((await state())?.process ?? null) !== null);
  supervisor.close();
});

test('systemd: by default a service writes to its data and nowhere else', async (context) => {
  const folder = await temporaryFolder(context);
  const supervisor = systemdSupervisor(optionsOf(folder));
  cleanUp(context, () => endUnits(optionsOf(folder)));
  const data = stateLayout(folder).component('shop').data;
  const paths = [join(data, 'own'), '/etc/other', '/var/lib/other', join(folder, 'other'), '/srv/other'];
  const script = `const { writeFileSync } = require('node:fs');
    console.log(JSON.stringify(${JSON.stringify(paths)}.map((path) => { try { writeFileSync(path, 'x'); return true; } catch { return false; } }))); ${forever}`;
  const may = async (terms?: ServiceTerms): Promise<unknown> => {
    await supervisor.start(await scripted({ folder }, script, terms === undefined ? {} : { terms }), {});
    await waitFor('its process', async () => (await supervisor.list())[0]?.process ?? null);
    const said = await waitFor(
      'what it could',
      async () => /\[(true|false).*\]/.exec((await supervisor.output('shop')).last)?.[0],
    );
    await supervisor.stop('shop', 5_000);
    await systemctl(['kill', '--', unitOf('shop')]).catch(() => undefined);
    return JSON.parse(said);
  };
  assert.deepEqual(await may(), [true, false, false, false, false]);
  supervisor.close();
});

test('systemd: what somebody stopped, or changed, is made anew', async (context) => {
  const folder = await temporaryFolder(context);
  const supervisor = systemdSupervisor(optionsOf(folder));
  cleanUp(context, () => endUnits(optionsOf(folder)));
  const spec = await scripted({ folder }, forever);
  const isRight = async (): Promise<boolean> =>
    (await supervisor.list())[0]?.fingerprint === spec.fingerprint;
  await supervisor.start(spec, {});
  assert.ok(await isRight());
  await systemctl(['stop', '--', unitOf('shop')]);
  assert.equal(await isRight(), false);
  await supervisor.start(spec, {});
  assert.ok(await isRight());
  await appendFile(join('/etc/systemd/system', unitOf('shop')), '# by hand\n');
  assert.equal(await isRight(), false);
  supervisor.close();
});

test('systemd: a unit whose record was damaged or removed is known by the second one', async (context) => {
  const folder = await temporaryFolder(context);
  const supervisor = systemdSupervisor(optionsOf(folder));
  cleanUp(context, () => endUnits(optionsOf(folder)));
  const spec = await scripted({ folder }, forever);
  const record = join(stateLayout(folder).supervisor, 'units', 'shop.json');
  for (const damage of [() => writeFile(record, '{"format":"xylem-unit-1","sp'), () => rm(record)]) {
    await supervisor.start(spec, {});
    const before = await waitFor('its process', async () => (await supervisor.list())[0]?.process ?? null);
    await damage();
    const [found] = await supervisor.list();
    assert.deepEqual([found?.process, found?.fingerprint], [before, spec.fingerprint]);
    await supervisor.start(spec, {});
    assert.deepEqual((await supervisor.list())[0]?.process, before);
    await rm(`${record}.damaged`, { force: true });
    await supervisor.stop('shop', 5_000);
    assert.deepEqual(await supervisor.list(), []);
  }
  supervisor.close();
});

test('systemd: what the built-in supervisor runs goes on until it is replaced', async (context) => {
  const folder = await temporaryFolder(context);
  const main = testMain(new URL('supervisor-main.ts', import.meta.url));
  const builtIn = supervisorClient({ ...optionsOf(folder), command: [process.execPath, main, folder] });
  const both = besideFormer(systemdSupervisor(optionsOf(folder)), builtIn);
  cleanUp(context, async () => {
    both.close();
    await stopServices(optionsOf(folder));
  });
  const [first, second] = [await scripted({ folder }, forever), await scripted({ folder }, forever)];
  await builtIn.start(first, {});
  const before = (await both.list())[0]?.process;
  assert.ok(before);
  await both.start(first, {});
  const same = await both.list();
  assert.deepEqual([same.length, same[0]?.process?.pid], [1, before.pid]);
  await both.start(second, {});
  const after = await waitFor('the unit', async () => ((await both.list())[0]?.process ? both.list() : null));
  assert.deepEqual([after.length, after[0]?.fingerprint], [1, second.fingerprint]);
  assert.equal(isAlive(before), false);
  assert.equal((await builtIn.list()).length, 0);
  assert.equal(await stopServices(optionsOf(folder)), 1);
  // The connection to the supervisor that just ended may break under the question.
  await waitFor('nothing', async () => (await both.list().catch(() => null))?.length === 0);
});
