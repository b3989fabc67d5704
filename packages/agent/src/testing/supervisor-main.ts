// A supervisor's process for tests: node supervisor-main.ts STATE [IDLE_MS]
import { jsonLog, systemClock, systemRandomness } from '@xylem/platform';
import { runSupervisor } from '../supervisor/run.ts';

const [stateFolder = '', idleMs = '60000'] = process.argv.slice(2);
await runSupervisor({
  stateFolder,
  clock: systemClock,
  randomness: systemRandomness,
  log: jsonLog(process.stderr, systemClock),
  idleMs: Number(idleMs),
});
process.exit(0);
