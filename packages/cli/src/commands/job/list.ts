import { count, defineCommand, flag, text } from '../../frame/define.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { runTable } from './shared.ts';

export const command = defineCommand({
  about: 'Runs of jobs, the newest first.',
  options: {
    env: text('<environment>', 'only of this environment, or pattern'),
    component: text('<component>', 'only of this component'),
    job: text('<job>', 'only of this job'),
    open: flag('only those that have not ended'),
    limit: count('<number>', 'at most so many (default 50)', 1, 1000),
  },
  example: 'xylem job list --env acme/test --job smoke',
  async run({ options, api }) {
    const { env, component, job, open, limit } = options;
    const answer = await (await api()).call('jobList', {
      query: {
        ...environmentQuery(env),
        ...(component === undefined ? {} : { component }),
        ...(job === undefined ? {} : { job }),
        ...(open ? { open: 'true' as const } : {}),
        limit: String(limit ?? 50),
      },
    });
    return { data: answer, text: () => runTable(answer.runs) };
  },
});
