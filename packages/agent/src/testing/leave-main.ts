// Finishes a move to another tenant in a process that kills itself at a point of it: node leave-main.ts STATE POINT
import { jsonLog, systemClock } from '@xylem/platform';
import { finishLeaving } from '../leaving/wipe.ts';
import { stateLayout } from '../state/layout.ts';

const [stateFolder = '', point = ''] = process.argv.slice(2);
await finishLeaving({
  layout: stateLayout(stateFolder),
  clock: systemClock,
  log: jsonLog(process.stderr, systemClock),
  onPoint: (at) => {
    if (at === point) process.kill(process.pid, 'SIGKILL');
  },
});
process.exit(0);
