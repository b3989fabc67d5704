import { type ExplainedComponent, explainHost } from '@xylem/agent';
import { defineCommand, flag } from '../../frame/define.ts';
import { faultText } from './fault-text.ts';
import { joinedFolder, stateOption } from './state.ts';
import { transferText } from './transfer-text.ts';

export const command = defineCommand({
  about: `What this host should run, what it runs, what the agent would do about the difference, and what keeps it from
that. Read from the state folder on this very machine: no server is asked, nothing is changed.`,
  options: {
    ...stateOption,
    transfer: flag('how the last tree of each component came, what other road there was, and why'),
  },
  example: 'xylem agent explain --state /var/lib/xylem/host --transfer',
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
      ...keeping.flatMap((one) => faultText(one, '')),
      ...components.flatMap((one) => [
        ...componentText(one),
        ...(options.transfer ? transferText(one.transfer) : []),
      ]),
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
    ...one.keeping.flatMap((keeping) => faultText(keeping, '  ')),
    ...(lastFailure === null
      ? []
      : [`  last failure: ${lastFailure.step} at ${lastFailure.at} (${lastFailure.code})`]),
  ];
}
