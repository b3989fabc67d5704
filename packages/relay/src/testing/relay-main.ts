import { jsonLog, systemClock, systemRandomness } from '@xylem/platform';
import { runRelay } from '../index.ts';

/** A relay as a process of its own, for tests that kill it: `relay-main.ts STATE_FOLDER [PORT]`. */
const [, , stateFolder = '', port = '0'] = process.argv;
const relay = await runRelay({
  stateFolder,
  listen: { host: '127.0.0.1', port: Number(port) },
  clock: systemClock,
  randomness: systemRandomness,
  log: jsonLog(process.stderr, systemClock),
  timing: { retryFirstMs: 20, retryMaxMs: 200, reportBatchMs: 10, reportPaceMs: 20, reportRetryFirstMs: 100 },
});
process.stdout.write(`url ${relay.url}\n`);
await relay.stopped;
