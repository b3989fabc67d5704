import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<product>',
  options: { component: text('<component>', 'only of this component') },
  example: 'xylem package list shop --component shop-api',
  async run({ args, options, api }) {
    const { component } = options;
    const answer = await (await api()).call('packageList', {
      params: { product: only(args) },
      query: component === undefined ? {} : { component },
    });
    return {
      data: answer,
      text: () =>
        tabulate(
          ['COMPONENT', 'VERSION', 'KIND', 'CREATED', 'PACKAGE'],
          answer.packages.map((one) => [
            one.component,
            one.version,
            one.kind,
            one.created,
            one.package.slice(0, 16),
          ]),
          'No package yet.',
        ),
    };
  },
});
