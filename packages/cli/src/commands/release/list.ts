import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';

/** ` (withdrawn)`, ` (retired)`, or nothing. */
export function standingText({ withdrawn, retired }: { withdrawn: boolean; retired: boolean }): string {
  const words = [...(withdrawn ? ['withdrawn'] : []), ...(retired ? ['retired'] : [])];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

export const command = defineCommand({
  arguments: '<product>',
  example: 'xylem release list shop',
  async run({ args, api }) {
    const answer = await (await api()).call('releaseList', { params: { product: only(args) } });
    return {
      data: answer,
      text: () =>
        tabulate(
          ['VERSION', 'ISSUED', 'PACKAGES', 'NOTES'],
          answer.releases.map((one) => [
            `${one.version}${standingText(one)}`,
            one.issued,
            one.packages.map(({ component, version }) => `${component}@${version}`).join(' '),
            one.notes.split('\n')[0] ?? '',
          ]),
          'No release yet.',
        ),
    };
  },
});
