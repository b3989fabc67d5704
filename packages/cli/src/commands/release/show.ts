import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { standingText } from './list.ts';

export const command = defineCommand({
  arguments: '<release>',
  example: 'xylem release show shop@2.4.0',
  async run({ args, api }) {
    const { name: product, version } = nameAtVersion(only(args), 'release');
    const release = await (await api()).call('releaseShow', { params: { product, version } });
    return {
      data: release,
      text: () =>
        [
          `${product}@${version}${standingText(release)}, issued ${release.issued}`,
          `digest ${release.release}`,
          ...(release.notes === '' ? [] : ['', release.notes]),
          '',
          tabulate(
            ['COMPONENT', 'VERSION', 'AFTER', 'PACKAGE'],
            release.packages.map((one) => [
              one.component,
              one.version,
              one.after.join(' ') || '-',
              one.package,
            ]),
            'No packages.',
          ),
        ].join('\n'),
    };
  },
});
