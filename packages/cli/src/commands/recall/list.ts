import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { recallProgress } from './shared.ts';

export const command = defineCommand({
  options: { product: text('<product>', 'only of this product') },
  example: 'xylem recall list',
  async run({ options, api }) {
    const { product } = options;
    const query = product === undefined ? {} : { product };
    const answer = await (await api()).call('recallList', { query });
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'RELEASE', 'SINCE', 'BY', 'STANDS', 'REASON'],
          answer.recalls.map((one) => [
            one.id,
            `${one.product}@${one.version}`,
            one.since,
            one.by,
            recallProgress(one),
            one.reason,
          ]),
          'No recall.',
        ),
    };
  },
});
