import { count, defineCommand, flag, text } from '../../frame/define.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { deploymentTable } from './shared.ts';

export const command = defineCommand({
  options: {
    env: text('<environment>', 'only of this environment, or pattern'),
    product: text('<product>', 'only of this product'),
    active: flag('only those that run or are paused'),
    limit: count('<number>', 'at most so many, newest first (default 50)', 1, 1000),
  },
  example: "xylem deployment list --env '*/production' --active",
  async run({ options, api }) {
    const { env, product, active, limit } = options;
    const answer = await (await api()).call('deploymentList', {
      query: {
        ...environmentQuery(env),
        ...(product === undefined ? {} : { product }),
        ...(active ? { active: 'true' as const } : {}),
        limit: String(limit ?? 50),
      },
    });
    return { data: answer, text: () => deploymentTable(answer.deployments) };
  },
});
