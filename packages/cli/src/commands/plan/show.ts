import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { planText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'As it was prepared. With --json also every host that it would change by what is known now.',
  example: 'xylem plan show p-567073cb9f4b',
  async run({ args, api, json }) {
    const server = await api();
    const params = { id: only(args) };
    const plan = await server.call('planShow', { params });
    if (!json) return { data: plan, text: () => planText(plan) };
    const changes = [];
    let after: string | null = '';
    while (after !== null) {
      const query: { after?: string } = after === '' ? {} : { after };
      const page = await server.call('planHosts', { params, query });
      changes.push(...page.changes);
      after = page.after;
    }
    return { data: { ...plan, changes }, text: '' };
  },
});
