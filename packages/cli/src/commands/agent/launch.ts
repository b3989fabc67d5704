import { launcher } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { count, defineCommand } from '../../frame/define.ts';
import { runOptions } from './run.ts';
import { joinedFolder } from './state.ts';

const deadlineSeconds = 300;

export const command = defineCommand({
  about: `Becomes a small shell that starts the agent and stays its parent, so that the agent can be updated by Xylem itself: it
tries another version, and goes back to the former when that one ends, hangs, or has reported to no parent in time.`,
  options: {
    ...runOptions,
    deadline: count(
      '<seconds>',
      `a new version has so long to be confirmed (default: ${deadlineSeconds})`,
      5,
      86_400,
    ),
  },
  example: 'xylem agent launch --state /var/lib/xylem/host',
  async run({ options, environment, json, self }) {
    const { listen, url, limit, reserve, noSiblings, allowPlainHttp, deadline } = options;
    const { words, variables } = launcher({
      stateFolder: joinedFolder(options.state),
      deadlineSeconds: deadline ?? deadlineSeconds,
      program: self,
      runWords: [
        ...(listen === undefined ? [] : ['--listen', listen]),
        ...(url === undefined ? [] : ['--url', url]),
        ...(reserve === undefined ? [] : ['--reserve', String(reserve)]),
        ...(noSiblings ? ['--no-siblings'] : []),
        ...limit.flatMap((one) => ['--limit', one]),
        ...(allowPlainHttp ? ['--allow-plain-http'] : []),
        ...(json ? ['--json'] : []),
      ],
    });
    if (process.execve === undefined || process.platform !== 'linux') {
      throw new XylemError(
        'E_DRIVER_UNSUPPORTED',
        'This needs Linux. `xylem agent run` runs the agent without updates.',
      );
    }
    process.execve('/bin/sh', words, { ...environment, ...variables });
    return undefined;
  },
});
