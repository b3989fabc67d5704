import { examineHost, hostProxies } from '@xylem/agent';
import { silentLog } from '@xylem/platform';
import { defineCommand } from '../../frame/define.ts';
import { joinedFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about: `Looks at this host from its state folder outwards: disk, clock, certificate, names, parents, the agent, policy,
and what it should run; says in sentences what is wrong and what to do. Changes nothing. Ends with 7 if anything is.`,
  options: stateOption,
  example: 'xylem agent doctor --state /var/lib/xylem/host',
  async run({ options, clock, environment }) {
    const stateFolder = joinedFolder(options.state);
    const proxies = await hostProxies(stateFolder, environment, silentLog);
    const findings = await examineHost({
      stateFolder,
      node: process.execPath,
      clock,
      proxyEnvironment: proxies.environment,
    });
    const width = Math.max(...findings.map(({ check }) => check.length));
    const lines = findings.flatMap(({ check, ok, says, advice }) => [
      `${ok ? 'ok  ' : 'NOT '} ${check.padEnd(width)}  ${says}`,
      ...(advice === null ? [] : [`     ${' '.repeat(width)}  ${advice}`]),
    ]);
    const isWell = findings.every(({ ok }) => ok);
    return { data: { well: isWell, findings }, text: lines.join('\n'), exitCode: isWell ? 0 : 7 };
  },
});
