import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { findRecall, recallText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id|release>',
  about: 'It is done when no host reports the release and no environment directs it. Exit code 9 until then.',
  example: 'xylem recall show shop@2.4.0',
  async run({ args, api, clock }) {
    const recall = await findRecall(await api(), only(args));
    return {
      data: recall,
      text: () => recallText(recall, clock.now()),
      exitCode: recall.state === 'going' ? 9 : 0,
    };
  },
});
