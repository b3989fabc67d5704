// One pass of convergence in a process that kills itself at a journal point:
// node converge-main.ts STATE WANTED.json POINT [systemd]
import { jsonLog, systemClock } from '@xylem/platform';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { convergeOnce } from './converge-once.ts';

const [stateFolder = '', wantedPath = '', point = '', systemd] = process.argv.slice(2);
const log = jsonLog(process.stderr, systemClock);
const changed = (): void => undefined;
await convergeOnce(stateFolder, wantedPath, log, {
  ...(systemd === undefined
    ? {}
    : { supervisor: systemdSupervisor({ stateFolder, clock: systemClock, log, changed }) }),
  onJournalPoint: (at) => {
    if (at === point) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
