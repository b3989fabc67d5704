import { count, defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';

const percent = (bad: number, all: number): string => `${((100 * bad) / all).toFixed(2)} %`;

export const command = defineCommand({
  arguments: '<environment> <metric>',
  about: 'Asks the source now, as a deployment does: to try a query before it decides anything.',
  options: { seconds: count('<seconds>', 'how long the window is that ends now; default 300', 1, 86_400) },
  example: 'xylem metric show acme/production errors',
  async run({ args, options, api }) {
    const [word = '', metric = ''] = args;
    const server = await api();
    const answer = await server.call('metricShow', {
      params: { ...(await environmentParams(server, word)), metric },
      query: options.seconds === undefined ? {} : { seconds: String(options.seconds) },
    });
    const rows = answer.hosts.map(({ name, bad, all }) => [
      name,
      bad.toFixed(1),
      all.toFixed(1),
      percent(bad, all),
    ]);
    const bad = answer.hosts.reduce((sum, one) => sum + one.bad, 0);
    const all = answer.hosts.reduce((sum, one) => sum + one.all, 0);
    const sum = all === 0 ? 'no figures' : `${percent(bad, all)} bad`;
    return {
      data: answer,
      text: `${tabulate(['HOST', 'BAD', 'ALL', 'SHARE'], rows, 'No host has figures.')}\n${counted(rows.length, 'host')}, ${sum}, ${answer.from} to ${answer.to}.`,
    };
  },
});
