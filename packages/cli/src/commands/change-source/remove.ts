import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  about:
    'Environments that demand change tickets take nothing from then on, but rollbacks to what ran before.',
  example: 'xylem change-source remove',
  async run({ api }) {
    await (await api()).call('changeSourceRemove', {});
    return { data: { removed: true }, text: 'Nobody is asked about change tickets any more.' };
  },
});
