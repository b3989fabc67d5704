import { XylemError } from '@xylem/core';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { isName, only, releaseOrChannel } from '../../frame/words.ts';
import { environmentPatterns } from '../../selection/environments.ts';
import { canaryOptions, strategyOf, strategyOptions } from '../deployment/strategy.ts';
import { planText } from './shared.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: `RELEASE is a product at a version (shop@2.4.0) or a channel (shop/stable); with --undeploy a product alone. It
shows what would change before anything moves, and keeps it as a plan: what is approved, and started by
\`xylem deploy --plan ID\`. Verbs: show, list, refresh, approve, refuse.`,
  options: {
    to: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    undeploy: flag('plan to remove the product'),
    purgeData: flag('with --undeploy: remove the data folders too'),
    skipUnfit: flag('hosts that a package has no variant for keep what they run'),
    ...strategyOptions,
    ...canaryOptions,
    urgent: flag('begin outside of windows too'),
    change: text('<ticket>', 'the change ticket that it belongs to'),
  },
  example: 'xylem plan shop@2.4.0 --to acme/production',
  async run({ args, options, api }) {
    const word = only(args);
    if (options.undeploy && !isName(word))
      throw new XylemError('E_INPUT', `"${word}" is no product's name. With --undeploy write it alone.`);
    const release = options.undeploy ? { product: word } : releaseOrChannel(word);
    const plan = await (await api()).call('planCreate', {
      body: {
        kind: options.undeploy ? 'undeploy' : 'deploy',
        ...release,
        environments: environmentPatterns(options.to, '--to'),
        ...strategyOf(options),
        ...(options.purgeData ? { purgeData: true } : {}),
        ...(options.skipUnfit ? { skipUnfit: true } : {}),
        ...(options.urgent ? { urgent: true } : {}),
        ...(options.change === undefined ? {} : { change: options.change }),
      },
    });
    return { data: plan, text: () => planText(plan) };
  },
});
