import { defineCommand, flag } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { reparentingText, watchReparenting } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about: 'Which hosts have gone to their new parents, which have not, and why.',
  options: { watch: flag('stay until it has ended; the exit code says how') },
  example: 'xylem reparenting show rp-0123456789ab --watch',
  async run(invocation) {
    const { args, options, api } = invocation;
    const id = only(args);
    if (options.watch) return await watchReparenting(invocation, id);
    const one = await (await api()).call('reparentingShow', { params: { id } });
    return {
      data: one,
      text: () =>
        `${reparentingText(one)}\n${tabulate(
          ['HOST', 'ENVIRONMENT', 'STATE', 'BATCH', 'TO', 'WHY'],
          one.hostList.map(({ name, environment, state, batch, parents, code, message }) => [
            name,
            environment,
            state,
            batch ?? '-',
            parents[0] ?? 'as joined',
            code === null ? '' : `${code}: ${message ?? ''}`,
          ]),
          'No host.',
        )}`,
    };
  },
});
