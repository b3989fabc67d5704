import { jsonLog, systemClock, systemRandomness } from '@xylem/platform';
import { runRoot } from '../run.ts';

/** `node run-root-process.ts STATE`: a root server as a process of its own, to be killed. Prints its addresses. */
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const running = await runRoot({
  stateFolder: process.argv[2] ?? '',
  api: { host: '127.0.0.1', port: 0 },
  nodes: { host: '127.0.0.1', port: 0 },
  clock: systemClock,
  randomness: systemRandomness,
  log: jsonLog(process.stderr, systemClock),
  signal: stop.signal,
});
process.stdout.write(`listening ${running.apiUrl} ${running.nodesUrl}\n`);
