import { XylemError } from '@xylem/core';
import { count, defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { whereOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<database>',
  about:
    'For a database that is older than Xylem. Without it a database has schema 0: nothing was migrated yet.',
  options: { ...whereOption, schema: count('<number>', 'what it has now', 0, 1_000_000_000) },
  example: 'xylem migrate adopt shop --in acme/production --schema 3',
  async run({ args, options, api }) {
    const { schema } = options;
    if (schema === undefined) throw new XylemError('E_INPUT', 'Say which schema it has: --schema 3.');
    const server = await api();
    const database = only(args);
    const params = await environmentParams(server, options.in);
    const data = await server.call('migrationAdopt', { params, body: { database, schema } });
    return { data, text: `${database} has schema ${schema} in ${data.environment.name}.` };
  },
});
