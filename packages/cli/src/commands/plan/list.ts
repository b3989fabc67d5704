import { count, defineCommand, flag, text } from '../../frame/define.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { planTable } from './shared.ts';

export const command = defineCommand({
  options: {
    env: text('<environment>', 'only of this environment, or pattern'),
    product: text('<product>', 'only of this product'),
    open: flag('only those that may still be started'),
    limit: count('<number>', 'at most so many, newest first (default 50)', 1, 999),
  },
  example: 'xylem plan list --open',
  async run({ options, api }) {
    const { env, product, open, limit } = options;
    const answer = await (await api()).call('planList', {
      query: {
        ...environmentQuery(env),
        ...(product === undefined ? {} : { product }),
        ...(open ? { open: 'true' as const } : {}),
        limit: String(limit ?? 50),
      },
    });
    return { data: answer, text: () => planTable(answer.plans) };
  },
});
