import { type ExplainedComponent, explainHost, type Keeping } from '@xylem/agent';
import { errorCodes, isErrorCode } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { joinedFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about: `What this host should run, what it runs, what the agent would do about the difference, and what keeps it from
that. Read from the state folder on this very machine: no server is asked, nothing is changed.`,
  options: stateOption,
  example: 'xylem agent explain --state /var/lib/xylem/host',
  async run({ options, clock }) {
    const stateFolder = joinedFolder(options.state);
    const found = await explainHost({ stateFolder, node: process.execPath, clock });
    const { host, environment, agentRuns, direction, reported, observing, components, keeping } = found;
    const lines = [
      `Host ${host} of ${environment}; its agent ${agentRuns ? 'runs' : 'does not run: nothing below is done until it does'}.`,
      direction === null
        ? 'It has not heard yet what it should run.'
        : `Follows direction ${direction.number}${reported === null ? '' : `; last reported at ${reported}`}.`,
      ...(observing === null
        ? []
        : [
            `It only observes, since ${observing.since}, by ${observing.by}: it changes nothing but what it adopted.`,
          ]),
      ...keeping.flatMap((one) => textOf(one, '')),
      ...components.flatMap(componentText),
    ];
    return { data: found, text: lines.join('\n') };
  },
});

function componentText(one: ExplainedComponent): string[] {
  const { component, desired, through, installed, running, steps, lastFailure } = one;
  const is = installed === null ? 'not installed' : `at ${installed}, ${running}`;
  const should =
    desired === null
      ? 'should not be here'
      : `should be at ${desired}${through === undefined ? '' : `, by way of ${through}`}`;
  return [
    '',
    `${component}: ${should}; is ${is}`,
    steps.length === 0 ? '  nothing to do' : `  to do: ${steps.join(', ')}`,
    ...one.keeping.flatMap((keeping) => textOf(keeping, '  ')),
    ...(lastFailure === null
      ? []
      : [`  last failure: ${lastFailure.step} at ${lastFailure.at} (${lastFailure.code})`]),
  ];
}

function textOf({ code, message, since }: Keeping, indent: string): string[] {
  const advice = isErrorCode(code) ? [`${indent}  ${errorCodes[code].advice}`] : [];
  return [`${indent}! ${message} (${code}${since === null ? '' : `, since ${since}`})`, ...advice];
}
