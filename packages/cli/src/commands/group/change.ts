import { type Command, defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { grantOptions, grantsText, readGrants } from '../api-token/shared.ts';

/** A command that adds or removes grants of a group and says what is left. */
export const groupChange = (verb: 'grant' | 'revoke', change: 'add' | 'remove', about: string): Command =>
  defineCommand({
    arguments: '<group>',
    about,
    options: grantOptions,
    example: `xylem group ${verb} acme-operators --role operator --in acme/production`,
    async run({ args, options, api }) {
      const body = { group: only(args), [change]: readGrants(options.role, options.in) };
      const group = await (await api()).call('groupGrants', { body });
      return { data: group, text: `${group.name}: ${grantsText(group.grants)}.` };
    },
  });
