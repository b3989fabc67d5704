import { XylemError } from '@xylem/core';
import type { KeyChange } from '@xylem/trust';
import { count, defineCommand, flag, list, requiredText, text } from '../../frame/define.ts';
import { writeOut } from '../../publishing/carry-out.ts';
import { editKeys, keysOfRole, readPublicKeys, repositoryOf, roleNamed } from '../../publishing/key-roles.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { draftKeys } from '../../publishing/server-draft.ts';
import { refuseOnline } from '../keys/add.ts';

export const command = defineCommand({
  arguments: '<role...>',
  about: `Writes a change of keys into a file that several people sign, each on a machine of their own: \`xylem ceremony sign\`.
ROLE is root, targets or product:NAME; with --env root. --add, --remove and --threshold are meant for each role that is
named; without them the roles are signed anew, so that they are valid for longer.`,
  options: {
    add: list('<file>', 'a public key, from `xylem keys export`; may be repeated'),
    remove: list('<keyid>', 'a key that may no longer sign; may be repeated'),
    threshold: count('<n>', 'so many of the keys must sign from now on', 1, 32),
    env: text('<environment>', "of this environment's direction"),
    out: requiredText('<file>', 'a new file; one that is there is not replaced'),
    yes: flag('sign at once with the keys that are here, without being asked'),
  },
  example: 'xylem ceremony begin root --add bernd.json --add carla.json --threshold 2 --out root.ceremony',
  async run(invocation) {
    const { args, options, api, clock } = invocation;
    const roles = args.map(roleNamed);
    for (const { word } of roles) refuseOnline(word, options.env);
    await requireFree(options.out);
    const server = await api();
    const wanted = roles.flatMap(({ product }) => product ?? []);
    const trusted = await repositoryOf(server, options.env, wanted);
    const add = await readPublicKeys(options.add);
    const { remove, threshold } = options;
    const isChange = add.length > 0 || remove.length > 0 || threshold !== undefined;
    const edited = new Map(
      roles.map((role) => [role, editKeys(role, keysOfRole(trusted, role), { add, remove, threshold })]),
    );
    // Targets are signed anew with products, for which an empty list is enough; that changes no root.
    const top = [...edited].filter(([role]) => role.top !== null && (isChange || role.top === 'root'));
    const change: KeyChange = {
      ...(top.length === 0
        ? {}
        : { root: Object.fromEntries(top.map(([role, keys]) => [role.top ?? '', keys])) }),
      ...(roles.some(({ top: name }) => name !== 'root')
        ? {
            products: new Map(
              [...edited].flatMap(([{ product }, keys]) => (product === null ? [] : [[product, keys]])),
            ),
          }
        : {}),
    };
    const drafts = await draftKeys(server, trusted, options.env, change, clock);
    if (drafts.length === 0) throw new XylemError('E_INPUT', 'There is nothing to sign.');
    return writeOut(invocation, { trusted, drafts }, options.out);
  },
});
