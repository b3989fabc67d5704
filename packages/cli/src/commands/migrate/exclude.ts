import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { whereOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<host>',
  about: `The next contract of the database does not wait for this host, which nobody has seen for long. When it comes back, what
it runs and can't work with the database any more is ended, until it has a version that can.`,
  options: {
    ...whereOption,
    database: requiredText('<database>', 'which one'),
    reason: requiredText('<text>', 'why, for the audit log'),
  },
  example: 'xylem migrate exclude web-7 --in acme/production --database shop --reason "Stolen in May."',
  async run({ args, options, api }) {
    const server = await api();
    const { database, reason } = options;
    const params = await environmentParams(server, options.in);
    const body = { database, host: only(args), reason };
    const excluded = await server.call('migrationExclude', { params, body });
    return {
      data: excluded,
      text: `The contract of ${database} to schema ${excluded.to} does not wait for ${excluded.name}; it is blocked when it comes back with an old version.`,
    };
  },
});
