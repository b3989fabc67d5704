import type { ResponseOf } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';

export const command = defineCommand({
  example: 'xylem root difference',
  async run({ api }) {
    const answer = await (await api()).call('restored', {});
    if (!answer.restored)
      return { data: answer, text: 'This root server was not restored; there is nothing to confirm.' };
    const rows = answer.environments.flatMap(({ environment, differences }) =>
      differences.map(({ component, backupVersion, runningVersions }) => [
        environment.name,
        component,
        backupVersion ?? '-',
        runningVersions.map(({ version, hosts }) => `${version} on ${hosts}`).join(', '),
      ]),
    );
    return {
      data: answer,
      text: () =>
        [
          `Backup of ${answer.backupTaken}: ${counted(answer.hostsHeard, 'host')} heard since, ${answer.hostsSilent} silent, ${answer.unknownHosts.length} unknown to it.`,
          tabulate(
            ['ENVIRONMENT', 'COMPONENT', 'BACKUP SAYS', 'HOSTS RUN'],
            rows,
            'What hosts run is what the backup says.',
          ),
          ...hostsSince(answer),
          ...section('Lost:', answer.lost),
        ].join('\n'),
    };
  },
});

function hostsSince({ joinedHosts, awaitedHosts, changedHosts }: ResponseOf<'restored'>): string[] {
  const joined = joinedHosts.map(({ id, name, environment, serve, retired, labels }) => {
    const words = labels === null ? 'labels not known' : labelText(labels);
    return `${name} (${id.slice(0, 8)}) in ${environment.name}${serve ? ', a relay' : ''}${retired ? ', retired' : ''}: ${words}`;
  });
  const changed = changedHosts.map(
    ({ id, name, changed: keys }) => `${name} (${id.slice(0, 8)}): ${keys.join(', ')}`,
  );
  return [
    ...section('Joined after the backup, taken in upon the confirmation:', joined),
    ...(awaitedHosts === 0
      ? []
      : [`${counted(awaitedHosts, 'host')} more joined and will be taken in when they report.`]),
    ...section('Changed after the backup:', changed),
  ];
}

const labelText = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ') || 'no labels';

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
