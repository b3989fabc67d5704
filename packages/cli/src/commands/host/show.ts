import { linkLimitText } from '@xylem/core';
import type { HostDetail } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age, only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<host>',
  about: 'HOST is its name, its id, or the first digits of it.',
  example: 'xylem host show web-1',
  async run({ args, api, clock }) {
    const host = await (await api()).call('hostShow', { params: { host: only(args) } });
    const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
    const config = Object.entries(host.config).map(
      ([component, values]) => `${component} ${JSON.stringify(values)}`,
    );
    const facts = Object.entries(host.facts).map(([key, value]) => `${key} ${String(value)}`);
    return {
      data: host,
      text: () =>
        [
          tabulate(
            ['HOST', host.name],
            [
              ['id', host.id],
              ['environment', host.environment.name],
              ...(host.movingFrom === null ? [] : [['coming from', host.movingFrom] as [string, string]]),
              ['state', host.retired && host.revoked === null ? 'retired' : host.state],
              ...(host.observing === null
                ? []
                : [
                    [
                      'observing',
                      `since ${host.observing.since}, by ${host.observing.by}${host.observing.orders ? '' : '; adopts nothing that is ordered from here'}`,
                    ] as [string, string],
                  ]),
              ...(host.revoked === null
                ? []
                : [['revoked', `${host.revoked.time}: ${host.revoked.reason}`] as [string, string]]),
              ...(host.cloned === null
                ? []
                : [['cloned', `since ${host.cloned.time}: ${host.cloned.what}`] as [string, string]]),
              ...(host.replaces === null
                ? []
                : [['replaces', `${host.replaces}, once that is silent`] as [string, string]]),
              ...(host.replacedBy === null ? [] : [['replaced by', host.replacedBy] as [string, string]]),
              ['labels', labels.join(' ') || '-'],
              ['own config', config.join(' ') || '-'],
              ...host.pinned.map(({ component, reason, by, since }): [string, string] => [
                'pinned',
                `${component}, since ${since} by ${by}: ${reason}`,
              ]),
              ...host.limits.map((limit): [string, string] => ['limit', linkLimitText(limit)]),
              ['facts', facts.join(', ') || '-'],
              ['agent', `${host.agent ?? '-'}${host.serve ? relayText(host) : ''}`],
              [
                'parent',
                `${host.parent?.url ?? '-'}${host.parentsRule === null ? '' : `, by the rule ${host.parentsRule}`}`,
              ],
              ['reported', age(host.lastReport, clock.now())],
              ['certificate', `until ${host.certificateExpires}`],
            ],
            '',
          ),
          '',
          tabulate(
            ['COMPONENT', 'RUNS', 'SHOULD RUN', 'CONFIGURATION', 'STATE', 'HEALTHY', 'REFUSED'],
            host.components.map((one) => [
              one.component,
              one.version ?? '-',
              one.wantedVersion ?? '-',
              configurationWords[one.configuration ?? 'unsaid'],
              one.state ?? '-',
              one.healthy === null ? '-' : one.healthy ? 'yes' : 'no',
              one.refused === null ? '-' : said(one.refused),
            ]),
            'It runs nothing and should run nothing.',
          ),
          ...host.adoptions.map(
            ({ component, outcome, at, by, message }) =>
              `adoption of ${component}: ${outcome} at ${at}, ordered by ${by}${message === null ? '' : `: ${message}`}`,
          ),
          ...host.waiting.map(
            (reason) => `waiting${reason.component === null ? '' : `, ${reason.component}`}: ${said(reason)}`,
          ),
        ].join('\n'),
    };
  },
});

function relayText({ drained, mostChildren }: HostDetail): string {
  const most = mostChildren === null ? '' : `, children: at most ${mostChildren}`;
  return `, serves as a relay${most}${drained ? '; drained: it gets no children' : ''}`;
}

const configurationWords = { assigned: 'as assigned', other: 'older', unsaid: '-' } as const;

function said({ code, message, step }: { code: string; message: string; step?: string }): string {
  return `${code}${step === undefined ? '' : ` in ${step}`}: ${message}`;
}
