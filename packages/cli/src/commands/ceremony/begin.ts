import { XylemError } from '@xylem/core';
import { draftChange, type KeyChange } from '@xylem/trust';
import { count, defineCommand, flag, list, requiredText, text } from '../../frame/define.ts';
import { carryOut } from '../../publishing/carry-out.ts';
import { editKeys, keysOfRole, readPublicKeys, repositoryOf, roleNamed } from '../../publishing/key-roles.ts';
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
    out: requiredText('<file>', 'the file'),
    yes: flag('sign at once with the keys that are here, without being asked'),
  },
  example: 'xylem ceremony begin root --add bernd.json --add carla.json --threshold 2 --out root.ceremony',
  async run(invocation) {
    const { args, options, api, clock } = invocation;
    const roles = args.map(roleNamed);
    for (const { word } of roles) refuseOnline(word, options.env);
    const server = await api();
    const wanted = roles.flatMap(({ product }) => product ?? []);
    const trusted = await repositoryOf(server, options.env, wanted);
    const add = await readPublicKeys(options.add);
    const products = new Map<string, ReturnType<typeof editKeys>>();
    const root: Record<string, ReturnType<typeof editKeys>> = {};
    for (const role of roles) {
      const { remove, threshold } = options;
      const keys = editKeys(role, keysOfRole(trusted, role), { add, remove, threshold });
      if (role.top === null) products.set(role.product ?? '', keys);
      else root[role.top] = keys;
    }
    const change: KeyChange = {
      ...(Object.keys(root).length === 0 ? {} : { root }),
      // Targets are signed anew where products are, or where they alone are meant.
      ...(products.size === 0 && !('targets' in root) ? {} : { products }),
    };
    const drafts = await draftChange(trusted, change, clock.now());
    if (drafts.length === 0) throw new XylemError('E_INPUT', 'There is nothing to sign.');
    return carryOut(invocation, {
      api: server,
      trusted,
      drafts,
      out: options.out,
      yes: options.yes,
      done: '',
    });
  },
});
