import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { moveText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'For the giving side also what each host was: name, labels, and with --json its last report from before it left.',
  example: 'xylem move show m-0123456789ab',
  async run({ args, api }) {
    const move = await (await api()).call('moveShow', { params: { id: only(args) } });
    return {
      data: move,
      text: () =>
        `${moveText(move)}\n${tabulate(
          ['HOST', 'STATE', 'WAS', 'LABELS', 'LAST REPORT'],
          move.hostList.map(({ id, state, was }) => [
            id,
            state,
            was?.name ?? '',
            Object.entries(was?.labels ?? {})
              .map(([key, value]) => `${key}=${value}`)
              .join(' '),
            was?.lastReport ?? '',
          ]),
          'No host.',
        )}`,
    };
  },
});
