import { XylemError } from '@xylem/core';
import { count, defineCommand, list } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { readPresent } from '../../operators/present.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { newOperatorKey, readNamedKeys, setOperators, signingOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: `Makes an operator key of the environment here: from then on releases can be quarantined there, and only such keys lift
that. Hosts keep the first that they are told of; the root server never holds one. With --public the keys of other
machines (\`xylem keys create\`) are named instead.`,
  options: {
    public: list('<file>', 'a public key of another machine, from `xylem keys export`; may be repeated'),
    threshold: count('<n>', 'so many of the keys must sign a lift (default: 1)', 1, 8),
    ...signingOptions,
  },
  example: 'xylem operators create acme/production',
  async run(invocation) {
    const { args, options, api } = invocation;
    await requireFree(options.out);
    const present = await readPresent(await api(), only(args));
    const { name } = present.environment;
    if (present.current !== null) {
      throw new XylemError(
        'E_CONFLICT',
        `${name} has operators. \`xylem operators replace ${name}\` changes them, signed by those that there are.`,
      );
    }
    const given = await readNamedKeys(options.public);
    const keys = given.length > 0 ? given : [await newOperatorKey(invocation, name)];
    return await setOperators(invocation, present, keys, options.threshold ?? 1, options);
  },
});
