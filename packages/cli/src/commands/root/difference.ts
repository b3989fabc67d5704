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
        ].join('\n'),
    };
  },
});
