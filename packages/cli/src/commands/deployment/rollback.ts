import { XylemError } from '@xylem/core';
import { defineCommand, list, text } from '../../frame/define.ts';
import { isName, isVersion, only } from '../../frame/words.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';
import { startDeployment, watchOptions } from './shared.ts';
import { strategyOf, strategyOptions } from './strategy.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: 'Back to the release that the environment ran before, or to --version.',
  options: {
    in: list('<environment>', 'an environment or a pattern; may be repeated'),
    ...whereOption,
    version: text('<version>', 'the release to go back to'),
    ...strategyOptions,
    ...watchOptions,
  },
  example: 'xylem rollback shop --in acme/production --watch',
  async run(invocation) {
    const { args, options } = invocation;
    const product = only(args);
    const { version } = options;
    if (!isName(product))
      throw new XylemError('E_INPUT', `"${product}" is no product's name. The version goes into --version.`);
    if (version !== undefined && !isVersion(version)) {
      throw new XylemError('E_INPUT', `--version ${version} is no semantic version, such as 2.4.0.`);
    }
    const wanted = {
      kind: 'rollback' as const,
      product,
      ...(version === undefined ? {} : { version }),
      ...environmentChoice(options.in, options.where, '--in'),
      ...strategyOf(options),
    };
    return startDeployment(invocation, options, wanted, `Rolling back ${product}`);
  },
});
