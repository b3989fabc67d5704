import { XylemError } from '@xylem/core';
import { shortId } from '@xylem/trust';
import { count, defineCommand, list } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { carryOut } from '../../publishing/carry-out.ts';
import {
  changeOf,
  editKeys,
  keysOfRole,
  readPublicKeys,
  repositoryOf,
  roleNamed,
} from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { draftKeys } from '../../publishing/server-draft.ts';
import { changeOptions, roleHelp } from './shared.ts';

export const command = defineCommand({
  arguments: '<role>',
  about: `${roleHelp} Without --public a new key is made here. With --threshold 2 two of
the role's keys must sign from then on.`,
  options: {
    public: list('<file>', 'a public key of another machine, from `xylem keys export`; may be repeated'),
    threshold: count('<n>', 'so many of the keys must sign from now on', 1, 32),
    ...changeOptions,
  },
  example: 'xylem keys add root --public bernd.json --public carla.json --threshold 2',
  async run(invocation) {
    const { args, options, api, home, clock } = invocation;
    await requireFree(options.out);
    const role = roleNamed(only(args));
    refuseOnline(role.word, options.env);
    const server = await api();
    const trusted = await repositoryOf(server, options.env, role.product === null ? [] : [role.product]);
    const present = keysOfRole(trusted, role);
    const given = await readPublicKeys(options.public);
    const what = options.env === undefined ? (role.product ?? role.word) : `${options.env} ${role.word}`;
    const add = given.length > 0 ? given : [await createKey(home.keysFolder, what, { ask: true })];
    const keys = editKeys(role, present, { add, remove: [], threshold: options.threshold });
    const drafts = await draftKeys(server, trusted, options.env, changeOf(role, keys), clock);
    const data = { role: role.word, added: add.map(({ keyId }) => keyId) };
    const done = `${add.map(({ keyId }) => shortId(keyId)).join(', ')} may sign ${role.word} from now on.`;
    return carryOut(invocation, server, { trusted, drafts, data }, done);
  },
});

/** The root server's own keys are rotated; there is nobody else who could hold them. */
export function refuseOnline(word: string, environment: string | undefined): void {
  const isOnline =
    ['snapshot', 'timestamp', 'director'].includes(word) || (environment !== undefined && word !== 'root');
  if (!isOnline) return;
  throw new XylemError(
    'E_INPUT',
    `The root server itself signs ${word}; its key can be rotated, and neither added nor revoked: \`xylem keys rotate ${word}\`.`,
  );
}
