// A forwarder's process for tests: node forwarder-main.ts STATE
import { jsonLog, systemClock, systemRandomness } from '@xylem/platform';
import { runForwarder } from '../router/builtin/run.ts';

const [stateFolder = ''] = process.argv.slice(2);
const over = new AbortController();
process.once('SIGTERM', () => over.abort());
await runForwarder({
  stateFolder,
  clock: systemClock,
  randomness: systemRandomness,
  log: jsonLog(process.stderr, systemClock),
  signal: over.signal,
});
process.exit(0);
