import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  example: 'xylem change-source show',
  async run({ api }) {
    const answer = await (await api()).call('changeSourceShow', {});
    const { source } = answer;
    const text =
      source === null
        ? 'Nobody is asked about change tickets.'
        : `${source.url} is asked about change tickets, set by ${source.setBy} at ${source.set}.`;
    return { data: answer, text };
  },
});
