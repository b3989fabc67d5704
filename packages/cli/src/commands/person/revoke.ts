import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { grantOptions, grantsText, readGrants } from '../api-token/shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'Takes a grant away, as it was given; open sessions lose it at once.',
  options: grantOptions,
  example: 'xylem person revoke anna --role operator --in acme/production',
  async run({ args, options, api }) {
    const name = only(args);
    const body = { remove: readGrants(options.role, options.in) };
    const person = await (await api()).call('personGrants', { params: { name }, body });
    return { data: person, text: `${name}: ${grantsText(person.grants)}.` };
  },
});
