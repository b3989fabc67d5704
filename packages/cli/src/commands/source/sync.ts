import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { bringSource } from '../../sources/bring.ts';
import { readSource } from '../../sources/read-source.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: `FILE describes a source: tags of a git repository or an image, a tag of npm, or a folder (docs/continuous.md).
Looks once, for a CI or a timer. What is released already is left as it is.`,
  example: 'xylem source sync shop.yaml',
  async run(invocation) {
    const { args, api, signal } = invocation;
    const source = await readSource(only(args), signal);
    const brought = await bringSource(invocation, await api(), source);
    return { data: brought, text: brought.said };
  },
});
