import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentOption, environmentsOf } from './shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: `Hosts keep the parents that it gave until another rule fits, or a person says otherwise. A reparenting that it has
begun goes on: xylem reparenting cancel.`,
  options: environmentOption,
  example: 'xylem parent-rule remove muc',
  async run({ args, options, api }) {
    const name = only(args);
    const body = { name, ...environmentsOf(options.env) };
    const removed = await (await api()).call('parentRuleRemove', { body });
    return { data: removed, text: `${name} is removed from ${removed.environments.join(', ')}.` };
  },
});
