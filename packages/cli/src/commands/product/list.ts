import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  example: 'xylem product list',
  async run({ api }) {
    const answer = await (await api()).call('productList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['PRODUCT', 'CREATED', 'DOMAIN'],
          answer.products.map(({ product, created, domain }) => [product, created, domain]),
          'No product yet. The first `xylem package publish` creates its own.',
        ),
    };
  },
});
