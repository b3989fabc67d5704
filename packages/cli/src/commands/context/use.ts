import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'Commands without --context ask this root server from now on.',
  example: 'xylem context use production',
  async run({ args, home }) {
    const name = only(args);
    const context = await home.use(name);
    return { data: { context: name, url: context.url }, text: `${context.url} is asked from now on.` };
  },
});
