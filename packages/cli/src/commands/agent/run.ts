import { runAgent } from '@xylem/agent';
import { jsonLog } from '@xylem/platform';
import { defineCommand } from '../../frame/define.ts';
import { untilStopped } from '../../frame/until.ts';
import { version } from '../../version.ts';
import { hostFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about:
    'Keeps the host as its environment says, until it is ended; services go on without it. The log goes to stderr.',
  options: stateOption,
  example: 'xylem agent run --state /var/lib/xylem/host',
  async run({ options, clock, randomness, environment, signal, self, terminal }) {
    const stateFolder = hostFolder(options.state);
    const agent = await runAgent({
      stateFolder,
      clock,
      randomness,
      log: jsonLog(process.stderr, clock),
      supervisorCommand: [...self, 'supervisor', '--state', stateFolder],
      agentVersion: version,
      proxyEnvironment: environment,
    });
    terminal.ready(
      { host: agent.host, environment: agent.environment },
      `Host ${agent.host} of ${agent.environment} runs.`,
    );
    await Promise.race([untilStopped(signal), agent.stopped]);
    await agent.stop();
    return undefined;
  },
});
