import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<product>',
  example: 'xylem channel list shop',
  async run({ args, api }) {
    const answer = await (await api()).call('channelList', { params: { product: only(args) } });
    return {
      data: answer,
      text: () =>
        tabulate(
          ['CHANNEL', 'VERSION', 'UPDATED'],
          answer.channels.map(({ product, channel, version, updated }) => [
            `${product}/${channel}`,
            version,
            updated,
          ]),
          'No channel yet.',
        ),
    };
  },
});
