// One pass of convergence in a process that kills itself at a journal point:
// node converge-main.ts STATE WANTED.json POINT
import { jsonLog, systemClock } from '@xylem/platform';
import { convergeOnce } from './converge-once.ts';

const [stateFolder = '', wantedPath = '', point = ''] = process.argv.slice(2);
await convergeOnce(stateFolder, wantedPath, jsonLog(process.stderr, systemClock), {
  onJournalPoint: (at) => {
    if (at === point) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
