// An agent's process for tests: node agent-main.ts STATE [TIMING as JSON]. Ends on SIGTERM.
import { fileURLToPath } from 'node:url';
import { jsonLog, systemClock, systemRandomness } from '@xylem/platform';
import type { AgentTiming } from '../options.ts';
import { runAgent } from '../run/agent.ts';

const [stateFolder = '', timing = '{}'] = process.argv.slice(2);
const agent = await runAgent({
  stateFolder,
  clock: systemClock,
  randomness: systemRandomness,
  log: jsonLog(process.stderr, systemClock),
  supervisorCommand: [
    process.execPath,
    fileURLToPath(new URL('supervisor-main.ts', import.meta.url)),
    stateFolder,
  ],
  forwarderCommand: [
    process.execPath,
    fileURLToPath(new URL('forwarder-main.ts', import.meta.url)),
    stateFolder,
  ],
  timing: JSON.parse(timing) as Partial<AgentTiming>,
});
process.on('SIGTERM', () => void agent.stop());
await agent.stopped;
process.exit(0);
