import { defineCommand, flag } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentOption, environmentsOf, previewed } from './shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: `Hosts keep the parents that it gave until another rule fits, or a person says otherwise. A reparenting that it has
begun goes on: xylem reparenting cancel.`,
  options: {
    dryRun: flag('say which hosts would go from where to where, and change nothing'),
    ...environmentOption,
  },
  example: 'xylem parent-rule remove muc --dry-run',
  async run({ args, options, api }) {
    const name = only(args);
    const { dryRun } = options;
    const body = { name, ...(dryRun ? { dryRun } : {}), ...environmentsOf(options.env) };
    const removed = await (await api()).call('parentRuleRemove', { body });
    if (dryRun) return previewed(removed);
    return { data: removed, text: `${name} is removed from ${removed.environments.join(', ')}.` };
  },
});
