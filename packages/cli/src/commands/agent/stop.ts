import { stopContainers } from '@xylem/agent';
import { stopServices } from '@xylem/agent/supervisor';
import { defineCommand } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { counted } from '../../frame/words.ts';
import { joinedFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about:
    'Services and containers outlive the agent; this ends them too. End the agent first, or it starts them again.',
  options: stateOption,
  example: 'xylem agent stop --state /var/lib/xylem/host',
  async run({ options, clock, terminal }) {
    const stateFolder = joinedFolder(options.state);
    const stopped = await stopServices({ stateFolder, clock, log: terminalLog(terminal) });
    const containers = await stopContainers(stateFolder);
    const text = `${counted(stopped, 'service')} ended${containers === 0 ? '' : `, ${counted(containers, 'container')} too`}.`;
    return { data: { stopped, containers, state: stateFolder }, text };
  },
});
