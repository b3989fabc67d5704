import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { grantOptions, grantsText, readGrants } from '../api-token/shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'Adds to what the person may already; sessions that are open may it at once.',
  options: grantOptions,
  example: 'xylem person grant anna --role operator --in acme/production',
  async run({ args, options, api }) {
    const name = only(args);
    const body = { add: readGrants(options.role, options.in) };
    const person = await (await api()).call('personGrants', { params: { name }, body });
    return { data: person, text: `${name}: ${grantsText(person.grants)}.` };
  },
});
