import { defineCommand, flag, list } from '../../frame/define.ts';
import { only, releaseOrChannel } from '../../frame/words.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';
import { startDeployment, watchOptions } from './shared.ts';
import { canaryOptions, strategyOf, strategyOptions } from './strategy.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: 'RELEASE is a product at a version (shop@2.4.0) or a channel (shop/stable).',
  options: {
    to: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    ...whereOption,
    skipUnfit: flag('hosts that a package has no variant for keep what they run; else nothing is begun'),
    ...strategyOptions,
    ...canaryOptions,
    urgent: flag('begin outside of windows too; freezes hold it all the same, unless policy says otherwise'),
    ...watchOptions,
  },
  example: 'xylem deploy shop@2.4.0 --to acme/production --strategy rolling --max-unavailable 25% --watch',
  async run(invocation) {
    const { args, options } = invocation;
    const release = releaseOrChannel(only(args));
    const choice = environmentChoice(options.to, options.where, '--to');
    const wanted = {
      kind: 'deploy' as const,
      ...release,
      ...choice,
      ...strategyOf(options),
      urgent: options.urgent,
      ...(options.skipUnfit ? { skipUnfit: true } : {}),
    };
    return startDeployment(invocation, options, wanted, `Deploying ${only(args)}`);
  },
});
