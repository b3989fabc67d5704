import { type ExplainedComponent, explainHost, type Keeping } from '@xylem/agent';
import { errorCodes, isErrorCode } from '@xylem/core';
import { defineCommand, flag } from '../../frame/define.ts';
import { counted, sizeText } from '../../frame/words.ts';
import { joinedFolder, stateOption } from './state.ts';

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
      ...keeping.flatMap((one) => textOf(one, '')),
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
    ...one.keeping.flatMap((keeping) => textOf(keeping, '  ')),
    ...(lastFailure === null
      ? []
      : [`  last failure: ${lastFailure.step} at ${lastFailure.at} (${lastFailure.code})`]),
  ];
}

function transferText(transfer: ExplainedComponent['transfer']): string[] {
  if (transfer === null) return ['  how its tree came was not noted'];
  const { time, seconds, bytesPerSecond, choice, took } = transfer;
  const parts = [
    [took.seededBytes, 'kept from what was here'],
    [took.resumedBytes, 'had come before a break'],
    [took.patchedBytes, 'made by a patch'],
  ] as const;
  const rest = parts.filter(([bytes]) => bytes > 0).map(([bytes, what]) => `${sizeText(bytes)} ${what}`);
  const came = `${sizeText(took.fetchedBytes)} in ${counted(took.requests, 'request')} and ${seconds.toFixed(1)} s`;
  const rate = bytesPerSecond === null ? 'not known' : `${sizeText(bytesPerSecond)} a second`;
  return [
    `  its tree of ${sizeText(took.sizeBytes)} came by ${[came, ...rest].join('; ')} (${time})`,
    `  what parents gave before: ${rate}`,
    ...(choice === null
      ? ['  by chunks: no patch was known that begins at a tree that was here']
      : choice.roads.map((road) => {
          const from = road.kind === 'patch' ? `patch from the tree ${road.from.slice(0, 12)}` : 'chunks';
          const about = road.seconds === null ? '' : `, about ${road.seconds.toFixed(1)} s`;
          const taken = road.kind === choice.kind ? ` (taken: ${choice.why})` : '';
          return `  by ${from}: ${sizeText(road.bytes)}${about}${taken}`;
        })),
  ];
}

function textOf({ code, message, since }: Keeping, indent: string): string[] {
  const advice = isErrorCode(code) ? [`${indent}  ${errorCodes[code].advice}`] : [];
  return [`${indent}! ${message} (${code}${since === null ? '' : `, since ${since}`})`, ...advice];
}
