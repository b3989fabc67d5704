import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog, systemClock } from '@xylem/platform';
import { testMain } from '@xylem/testkit';
import { cleanUp, temporaryFolder } from '../testing/state-folder.ts';
import { scripted, supervisorContract } from '../testing/supervisor-contract.ts';
import { supervisorClient } from './client.ts';
import { stopServices } from './stop-services.ts';

const main = testMain(new URL('../testing/supervisor-main.ts', import.meta.url));
const isRoot = process.getuid?.() === 0;
const notRoot = isRoot ? {} : { limits: 'limits need root here', user: 'another user needs root' };

const benchIn = (folder: string) => {
  const changed: string[] = [];
  const client = () =>
    supervisorClient({
      stateFolder: folder,
      command: [process.execPath, main, folder],
      clock: systemClock,
      log: silentLog,
      changed: (component) => changed.push(String(component)),
    });
  return { folder, changed, supervisor: client(), again: client };
};

supervisorContract({
  name: 'built-in',
  lacks: notRoot,
  bench: async (context) => {
    const own = benchIn(await temporaryFolder(context));
    cleanUp(context, async () => {
      own.supervisor.close();
      await stopServices({ stateFolder: own.folder, clock: systemClock, log: silentLog });
    });
    return own;
  },
});

test('built-in: what needs systemd is refused with what it lacks', async (context) => {
  const own = benchIn(await temporaryFolder(context));
  const spec = await scripted(own, '', { terms: { type: 'notify' } });
  await assert.rejects(own.supervisor.check(spec), {
    code: 'E_DRIVER_UNSUPPORTED',
    message: /type: notify.*needs systemd/,
  });
  await assert.rejects(own.supervisor.check({ ...spec, terms: { hardening: 'default' } }), {
    code: 'E_DRIVER_UNSUPPORTED',
    message: /hardened.*needs systemd/,
  });
  await own.supervisor.check({ ...spec, terms: { hardening: 'none' } });
});

test('built-in: a user that needs root is refused without it', { skip: !isRoot }, async (context) => {
  const own = benchIn(await temporaryFolder(context));
  const spec = await scripted(own, '', {});
  const { getuid } = process;
  process.getuid = () => 1000;
  try {
    await assert.rejects(own.supervisor.check({ ...spec, terms: { user: 'nobody' } }), {
      code: 'E_DRIVER_UNSUPPORTED',
      message: /does not run as root/,
    });
  } finally {
    process.getuid = getuid ?? (() => 0);
  }
});
