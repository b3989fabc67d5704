import { defineCommand, text } from '../../frame/define.ts';
import { readDuration } from '../../frame/duration.ts';
import { only } from '../../frame/words.ts';
import { grantOptions, grantsText, readGrants } from './shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'For programs. The token is shown this once. You must administer every scope that you give.',
  options: {
    ...grantOptions,
    expires: text('<duration>', 'works so long: 30d, 12h (default: 90d; at most 366d)'),
  },
  example: 'xylem api-token create nightly --role operator --in acme/production --expires 30d',
  async run({ args, options, api }) {
    const { role, in: scopes, expires } = options;
    const body = {
      name: only(args),
      grants: readGrants(role, scopes),
      ...(expires === undefined
        ? {}
        : { expiresInSeconds: readDuration(expires, '--expires', ['m', 'h', 'd']) }),
    };
    const created = await (await api()).call('apiTokenCreate', { body });
    return {
      data: created,
      text: `${created.token}\n${created.name}: ${grantsText(created.grants)}, until ${created.expires ?? 'revoked'}. Shown this once.`,
    };
  },
});
