// Services of a host that boots between two runs: node systemd-boot-main.ts before|after STATE. Prints what runs.
import { silentLog, systemClock } from '@xylem/platform';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { scripted } from './supervisor-contract.ts';

const [phase = '', folder = ''] = process.argv.slice(2);
const supervisor = systemdSupervisor({
  stateFolder: folder,
  clock: systemClock,
  log: silentLog,
  changed: () => undefined,
});
const forever = 'setInterval(() => undefined, 1000)';
if (phase === 'before') {
  const first = { component: 'first' };
  await supervisor.start(await scripted({ folder }, forever, first), {});
  const second = { component: 'second', terms: { after: ['first'] } };
  await supervisor.start(await scripted({ folder }, forever, second), {});
  const sealed = { component: 'sealed', sealed: { SECRET: 'v1' } };
  await supervisor.start(await scripted({ folder }, forever, sealed), { SECRET: 'canary-of-the-sealed' });
}
const states = await supervisor.list();
process.stdout.write(
  JSON.stringify(
    states.map(({ component, fingerprint, process: own, wantsSecrets = false }) => ({
      component,
      isSame: fingerprint !== '',
      runs: own !== null,
      wantsSecrets,
    })),
  ),
);
supervisor.close();
