import { defineCommand, flag, list } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';
import { startDeployment, watchOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<product>',
  about:
    'Removes the components of a product, the last installed first. Their data folders stay unless --purge-data.',
  options: {
    from: list('<environment>', 'an environment or a pattern; may be repeated'),
    ...whereOption,
    purgeData: flag('remove the data folders too; nothing brings them back'),
    ...watchOptions,
  },
  example: 'xylem undeploy shop --from acme/staging',
  async run(invocation) {
    const { args, options } = invocation;
    const product = only(args);
    const choice = environmentChoice(options.from, options.where, '--from');
    const what = `Removing ${product}${options.purgeData ? ' and its data' : ''}`;
    const wanted = { kind: 'undeploy' as const, product, ...choice, purgeData: options.purgeData };
    return startDeployment(invocation, options, wanted, what);
  },
});
