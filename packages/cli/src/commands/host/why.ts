import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<host>',
  about:
    'Follows the chain from the release to the switch on the host; the first link that does not hold is the reason.',
  example: 'xylem host why web-1',
  async run({ args, api }) {
    const why = await (await api()).call('hostWhy', { params: { host: only(args) } });
    const width = Math.max(0, ...why.links.map(({ link }) => link.length));
    const lines = why.links.flatMap(({ link, ok, detail, advice }) => [
      `  ${ok ? 'ok  ' : 'NOT '} ${link.padEnd(width)}  ${detail.replaceAll('\n', `\n${' '.repeat(width + 9)}`)}`,
      ...(ok || advice === null ? [] : [`       ${' '.repeat(width)}  ${advice}`]),
    ]);
    return { data: why, text: [`${why.host.name}: ${why.answer}`, ...lines].join('\n') };
  },
});
