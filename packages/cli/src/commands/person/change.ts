import { type Command, defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { grantOptions, grantsText, readGrants } from '../api-token/shared.ts';

/** A command that adds or removes grants of a person and says what is left. */
export const grantsChange = (verb: 'grant' | 'revoke', change: 'add' | 'remove', about: string): Command =>
  defineCommand({
    arguments: '<name>',
    about,
    options: grantOptions,
    example: `xylem person ${verb} anna --role operator --in acme/production`,
    async run({ args, options, api }) {
      const name = only(args);
      const body = { [change]: readGrants(options.role, options.in) };
      const person = await (await api()).call('personGrants', { params: { name }, body });
      return { data: person, text: `${name}: ${grantsText(person.grants)}.` };
    },
  });

/** A command that shuts an account or opens it again. */
export const accountChange = (definition: {
  readonly verb: 'disable' | 'enable';
  readonly about: string;
  readonly said: string;
}): Command => {
  const { verb, about, said } = definition;
  return defineCommand({
    arguments: '<name>',
    about,
    example: `xylem person ${verb} anna`,
    async run({ args, api }) {
      const name = only(args);
      const body = { disabled: verb === 'disable' };
      const person = await (await api()).call('personDisable', { params: { name }, body });
      return { data: person, text: `${name} ${said}` };
    },
  });
};
