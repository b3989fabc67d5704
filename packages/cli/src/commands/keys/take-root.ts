import { XylemError } from '@xylem/core';
import { shortId } from '@xylem/trust';
import { count, defineCommand, list, requiredText } from '../../frame/define.ts';
import { carryOut } from '../../publishing/carry-out.ts';
import { readPublicKeys, repositoryOf } from '../../publishing/key-roles.ts';
import { createKey } from '../../publishing/keys.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { draftKeys } from '../../publishing/server-draft.ts';
import { environmentParams } from '../../selection/environments.ts';
import { signOptions } from './shared.ts';

export const command = defineCommand({
  about: `Makes a root key of the environment here and takes the root server's out of force, so that whoever takes over the
root server can't give the environment other keys. Rotating its keys needs this key from then on.`,
  options: {
    env: requiredText('<environment>', 'the environment whose root key becomes yours'),
    public: list('<file>', 'public keys that become its root keys instead of a new one; may be repeated'),
    threshold: count('<n>', 'so many of them must sign (default: 1)', 1, 32),
    ...signOptions,
  },
  example: 'xylem keys take-root --env acme/production',
  async run(invocation) {
    const { options, api, home, clock } = invocation;
    await requireFree(options.out);
    const server = await api();
    const params = await environmentParams(server, options.env);
    const given = await readPublicKeys(options.public);
    const name = `${params.tenant}/${params.environment}`;
    const keys = given.length > 0 ? given : [await createKey(home.keysFolder, `${name} root`, { ask: true })];
    const trusted = await repositoryOf(server, options.env, []);
    const threshold = options.threshold ?? 1;
    if (threshold > keys.length) {
      throw new XylemError(
        'E_INPUT',
        `--threshold ${threshold} needs as many keys; ${keys.length} are given.`,
      );
    }
    const drafts = await draftKeys(server, trusted, name, { root: { root: { keys, threshold } } }, clock);
    return carryOut(
      invocation,
      server,
      { trusted, drafts, data: { environment: name, keys: keys.map(({ keyId }) => keyId) } },
      `${keys.map(({ keyId }) => shortId(keyId)).join(', ')} signs the root of ${name} from now on; keep a copy of it elsewhere.`,
    );
  },
});
