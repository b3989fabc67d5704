import { hostProxies, rotateHostKey } from '@xylem/agent';
import { defineCommand } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { joinedFolder, stateOption } from './state.ts';

const waitMs = 60_000;

export const command = defineCommand({
  about: `Makes another key for this host, which the present one signs for: the host keeps its id, its name and all that
it runs. The agent may run meanwhile. Certificates of the former key end by themselves within 30 days: if someone else
may have that key, revoke the host instead (xylem host revoke) and join it anew.`,
  options: stateOption,
  example: 'xylem agent rotate-key --state /var/lib/xylem/host',
  async run({ options, clock, randomness, environment, terminal }) {
    const stateFolder = joinedFolder(options.state);
    const log = terminalLog(terminal);
    const proxies = await hostProxies(stateFolder, environment, log);
    const common = { clock, randomness, log, proxyEnvironment: proxies.environment };
    const result = await rotateHostKey({ stateFolder, waitMs, ...common });
    return {
      data: { state: stateFolder, rotated: result === 'done' },
      text:
        result === 'done'
          ? 'This host has another key; its id stays.'
          : 'The agent has not reached the root server yet and goes on trying; its log says why.',
    };
  },
});
