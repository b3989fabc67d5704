import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';

export const command = defineCommand({
  arguments: '[on|off]',
  about: `On: who asks for a host of another tenant does not approve it, its two sides are two people, and confirming a
restore takes two. Switching it off takes two people, too: each says off. An API token counts as who made it.`,
  example: 'xylem root four-eyes on',
  async run({ args, api }) {
    const [word] = args;
    if (word !== undefined && word !== 'on' && word !== 'off')
      throw new XylemError('E_INPUT', `"${word}" is neither on nor off.`);
    const server = await api();
    const found =
      word === undefined
        ? await server.call('fourEyesShow', {})
        : await server.call('fourEyesSet', { body: { on: word === 'on' } });
    const state = `The four-eyes rule is ${found.on ? 'on' : 'off'}.`;
    if (found.off === null) return { data: found, text: state };
    const { by, until } = found.off;
    return {
      data: found,
      text: `${state} ${by} asks to switch it off: another person says off until ${until}.`,
    };
  },
});
