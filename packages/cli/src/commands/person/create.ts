import { defineCommand, list, text } from '../../frame/define.ts';
import { passwordOption, readNewPassword } from '../../frame/password.ts';
import { only } from '../../frame/words.ts';
import { grantsText, readGrants } from '../api-token/shared.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: 'An account with a password of at least 12 characters. Without --role it may nothing yet.',
  options: {
    role: text('<role>', 'viewer, operator, approver, publisher or admin'),
    in: list('<scope>', 'with --role, where: *, a tenant, acme/production, product:shop; repeatable'),
    ...passwordOption,
  },
  example: 'xylem person create anna --role operator --in acme',
  async run({ args, options, api, terminal }) {
    const name = only(args);
    const { role, in: scopes, passwordFile: file } = options;
    const grants = role === undefined && scopes.length === 0 ? [] : readGrants(role ?? '', scopes);
    const password = await readNewPassword(`Password for ${name}`, { file, terminal });
    const person = await (await api()).call('personCreate', { body: { name, password, grants } });
    return {
      data: person,
      text: `${name} may sign in: ${grantsText(person.grants)}.\nNext: xylem login URL --as ${name}`,
    };
  },
});
