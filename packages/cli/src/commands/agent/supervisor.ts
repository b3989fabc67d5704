import { runSupervisor } from '@xylem/agent/supervisor';
import { jsonLog } from '@xylem/platform';
import { defineCommand } from '../../frame/define.ts';
import { hostFolder, stateOption } from './state.ts';

export const command = defineCommand({
  options: stateOption,
  example: 'xylem supervisor --state /var/lib/xylem/host',
  async run({ options, clock, randomness, signal }) {
    const log = jsonLog(process.stderr, clock);
    await runSupervisor({ stateFolder: hostFolder(options.state), clock, randomness, log, signal });
    return undefined;
  },
});
