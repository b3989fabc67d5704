import type { ResponseOf } from '@xylem/root/contract';
import { type Command, defineCommand } from '../../frame/define.ts';
import { counted, only } from '../../frame/words.ts';
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

/**
 * A person of an issuer, as lists of sessions name them, with or without the readable name in parentheses; null: a name of
 * an account here.
 */
const accountOfIssuer = (word: string): string | null =>
  word.startsWith('oidc/') ? word.replace(/ \(.*\)$/s, '') : null;

const ofIssuer =
  'Also one person of the issuer (OpenID Connect), as `xylem session list` names them: oidc/ISSUER/SUB.';

function remarks(done: ResponseOf<'oidcPersonDisable'>): string[] {
  const ended = done.disabled ? [`${counted(done.sessionsEnded, 'session')} ended.`] : [];
  if (done.ofPresentIssuer) return ended;
  return [...ended, 'Nobody signs in by the issuer of this account now: compare it with `xylem audit list`.'];
}

/** A command that shuts an account or opens it again. */
export const accountChange = (definition: {
  readonly verb: 'disable' | 'enable';
  readonly about: string;
  readonly said: string;
}): Command => {
  const { verb, about, said } = definition;
  return defineCommand({
    arguments: '<name>',
    about: `${about}
${ofIssuer}`,
    example: `xylem person ${verb} anna`,
    async run({ args, api }) {
      const name = only(args);
      const body = { disabled: verb === 'disable' };
      const account = accountOfIssuer(name);
      if (account !== null) {
        const done = await (await api()).call('oidcPersonDisable', { body: { account, ...body } });
        const who = done.name === null ? account : `${account} (${done.name})`;
        return { data: done, text: [`${who} ${said}`, ...remarks(done)].join('\n') };
      }
      const person = await (await api()).call('personDisable', { params: { name }, body });
      return { data: person, text: `${name} ${said}` };
    },
  });
};
