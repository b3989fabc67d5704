import { count, defineCommand, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { preflightLines } from './preflights.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: `Hosts that the plan changes look whether they can take what it brings: they read it, look at what it demands, and run
the hook before its preflight, beside what runs. Nothing that runs changes. Answers come with their reports and stand in
\`xylem plan show ID\`; a failure keeps the plan from beginning there. Who passed is not asked again.`,
  options: {
    where: text('<selector>', 'only of these hosts, like "site = muc"'),
    hosts: count('<number>', 'so many of each environment, drawn (default: all)', 1, 1_000_000),
  },
  example: 'xylem plan preflight p-567073cb9f4b --where "site = muc"',
  async run({ args, options, api }) {
    const { where, hosts } = options;
    const plan = await (await api()).call('planPreflight', {
      params: { id: only(args) },
      body: { ...(where === undefined ? {} : { where }), ...(hosts === undefined ? {} : { hosts }) },
    });
    return {
      data: plan,
      text: () => preflightLines(plan).join('\n') || 'The plan changes no host that could be asked.',
    };
  },
});
