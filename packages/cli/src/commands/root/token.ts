import { hostname } from 'node:os';
import { createOperatorToken } from '@xylem/root';
import { defineCommand, text } from '../../frame/define.ts';
import { rootFolder, stateOption } from './folder.ts';

export const command = defineCommand({
  about: 'For whoever owns the state folder: a new token of full rights, when the first one was lost.',
  options: {
    ...stateOption,
    name: text('<name>', 'how the audit log calls its owner (default: the host name)'),
  },
  example: 'xylem root token --state /var/lib/xylem/root --name anna',
  async run({ options, clock, randomness }) {
    const stateFolder = rootFolder(options.state);
    const name = options.name ?? hostname();
    const token = await createOperatorToken({ stateFolder, clock, randomness, name });
    return {
      data: { token, name },
      text: `Operator's token for ${name}: ${token} (shown this once)\nNext: xylem login URL --token TOKEN`,
    };
  },
});
