import { XylemError } from '@xylem/core';
import { operatorKeys } from '@xylem/trust';
import { count, defineCommand, flag, list } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { namedKeys, readPresent } from '../../operators/present.ts';
import { keyNamed } from '../../publishing/key-roles.ts';
import { requireFree } from '../../publishing/out-file.ts';
import { newOperatorKey, readNamedKeys, setOperators, signingOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: `Those who lift quarantines now, and those who do after the change, must sign it: hosts take no others. Lifts that the new
keys did not sign are not told to hosts any more; sign them again where some still hold.`,
  options: {
    public: list('<file>', 'a public key of another machine that is added; may be repeated'),
    new: flag('make a key here and add it'),
    remove: list('<key>', 'the key id, or its beginning, of one that goes; may be repeated'),
    threshold: count('<n>', 'so many of the keys must sign a lift from then on', 1, 8),
    ...signingOptions,
  },
  example: 'xylem operators replace acme/production --new --remove 1a2b3c4d5e6f7a8b',
  async run(invocation) {
    const { args, options, api } = invocation;
    await requireFree(options.out);
    const present = await readPresent(await api(), only(args));
    const { current, environment } = present;
    if (current === null) {
      throw new XylemError(
        'E_NO_OPERATORS',
        `${environment.name} has no operators yet: xylem operators create ${environment.name}`,
      );
    }
    const keys = namedKeys(current, operatorKeys(current));
    const gone = options.remove.map((word) => keyNamed(keys, word, environment.name).keyId);
    const added = await readNamedKeys(options.public);
    if (options.new) added.push(await newOperatorKey(invocation, environment.name));
    if (gone.length + added.length === 0 && options.threshold === undefined) {
      throw new XylemError('E_INPUT', 'Say what changes: --new, --public, --remove or --threshold.');
    }
    const kept = keys.filter(({ keyId }) => !gone.includes(keyId));
    const next = [...kept, ...added.filter(({ keyId }) => !kept.some((one) => one.keyId === keyId))];
    return await setOperators(invocation, present, next, options.threshold ?? current.threshold, options);
  },
});
