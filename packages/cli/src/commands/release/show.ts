import type { EvidenceEntry } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { quarantineLine } from '../../operators/words.ts';
import { standingText } from './list.ts';

/** Whose word it is, a policy judges; here stands what was attached. */
function statementTable(evidence: readonly EvidenceEntry[]): string {
  return tabulate(
    ['STATEMENT', 'ABOUT', 'SAYS', 'ADDED', 'BY'],
    evidence.map(({ predicateType, about, builder, source, result, added, addedBy }) => [
      predicateType,
      about,
      [builder, source, result].filter((word) => word !== null).join(' ') || '-',
      added,
      addedBy,
    ]),
    '',
  );
}

export const command = defineCommand({
  arguments: '<release>',
  example: 'xylem release show shop@2.4.0',
  async run({ args, api }) {
    const { name: product, version } = nameAtVersion(only(args), 'release');
    const server = await api();
    const [release, { evidence }, { quarantines }] = await Promise.all([
      server.call('releaseShow', { params: { product, version } }),
      server.call('releaseEvidence', { params: { product, version } }),
      server.call('quarantineList', { query: { product, version } }),
    ]);
    return {
      data: { ...release, evidence, quarantines },
      text: () =>
        [
          `${product}@${version}${standingText(release)}, issued ${release.issued}`,
          `digest ${release.release}`,
          ...quarantines.map(quarantineLine),
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
          ...(evidence.length === 0 ? [] : ['', statementTable(evidence)]),
        ].join('\n'),
    };
  },
});
