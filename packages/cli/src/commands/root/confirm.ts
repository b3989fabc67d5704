import { XylemError } from '@xylem/core';
import { defineCommand, requiredText } from '../../frame/define.ts';

export const command = defineCommand({
  about: 'See `xylem root difference` first.',
  options: {
    keep: requiredText(
      '<what>',
      'hosts: what they run becomes what they should run; backup: back to the backup',
    ),
  },
  example: 'xylem root confirm --keep hosts',
  async run({ options, api }) {
    const { keep } = options;
    if (keep !== 'hosts' && keep !== 'backup')
      throw new XylemError('E_INPUT', `--keep ${keep} is unknown. Write hosts or backup.`);
    const answer = await (await api()).call('restoreConfirm', { body: { keep } });
    if (answer.waits !== null) {
      const said = `${answer.waits.by} keeps ${keep}: another person must say the same until ${answer.waits.until}.`;
      return { data: answer, text: `The four-eyes rule is on. ${said}` };
    }
    return {
      data: answer,
      text: `Confirmed for ${answer.environments.map(({ name }) => name).join(', ') || 'no environment'}.`,
    };
  },
});
