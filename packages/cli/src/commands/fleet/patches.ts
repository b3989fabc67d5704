import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { sizeText } from '../../frame/words.ts';

export const command = defineCommand({
  about: `The root server makes patches by itself, in the background, from what hosts run to what they are directed to and to
the newest release: for how many hosts, what goes to each by chunks and by the patch, and what making it took. TAKEN is
how many came by it and SAVED what that spared their links, as they reported; hosts with agents of before don't say.`,
  options: { product: text('<product>', 'only of this product') },
  example: 'xylem patches --product shop',
  async run({ options, api }) {
    const { product } = options;
    const server = await api();
    const answer = await server.call('patchList', { query: product === undefined ? {} : { product } });
    const rows = answer.patches.map((one) => [
      `${one.product}/${one.component}`,
      `${one.from} → ${one.to}`,
      one.hosts,
      sizeText(one.chunkBytes),
      one.sizeBytes === null ? '-' : sizeText(one.sizeBytes),
      one.cpuSeconds === null ? '-' : `${one.cpuSeconds.toFixed(1)} s`,
      one.taken === 0 ? '-' : one.taken,
      one.savedBytes === 0 ? '-' : sizeText(one.savedBytes),
      one.fault === null ? one.state : `${one.state}: ${one.fault}`,
    ]);
    return {
      data: answer,
      text: () =>
        tabulate(
          ['COMPONENT', 'BETWEEN', 'HOSTS', 'BY CHUNKS', 'PATCH', 'MAKING', 'TAKEN', 'SAVED', 'STATE'],
          rows,
          'No hosts run a version between which and the next a patch would be worth it.',
        ),
    };
  },
});
