import { nextStage, XylemError } from '@xylem/core';
import type { Api } from '../../api/client.ts';
import { defineCommand, list, requiredText, text } from '../../frame/define.ts';
import { isName, isVersion, only } from '../../frame/words.ts';
import { environmentChoice, environmentParams, whereOption } from '../../selection/environments.ts';
import { startDeployment, watchOptions } from './shared.ts';
import { canaryOptions, strategyOf, strategyOptions } from './strategy.ts';

export const command = defineCommand({
  arguments: '<product>',
  about:
    "Deploys what the last successful deployment brought to --from; without --to or --where to all environments of its tenant's next stage.",
  options: {
    from: requiredText('<environment>', 'the environment that has it'),
    to: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    ...whereOption,
    version: text('<version>', 'go on only if this is the version there'),
    ...strategyOptions,
    ...canaryOptions,
    ...watchOptions,
  },
  example: 'xylem promote shop --from acme/staging --to acme/production --watch',
  async run(invocation) {
    const { args, options } = invocation;
    const { from, to, where, version } = options;
    const product = only(args);
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    if (version !== undefined && !isVersion(version))
      throw new XylemError('E_INPUT', `--version ${version} is no semantic version, such as 2.4.0.`);
    const api = await invocation.api();
    const { tenant, environment } = await environmentParams(api, from);
    const name = `${tenant}/${environment}`;
    const choice =
      to.length === 0 && where === undefined
        ? { environments: await environmentsAfter(api, tenant, name) }
        : environmentChoice(to, where, '--to');
    const wanted = {
      kind: 'deploy' as const,
      product,
      from: name,
      ...(version === undefined ? {} : { version }),
      ...choice,
      ...strategyOf(options),
    };
    return startDeployment(invocation, options, wanted, `Promoting ${product} from ${name}`);
  },
});

/** Those of the tenant's next stage that has any. @throws XylemError E_INPUT when nothing follows */
async function environmentsAfter(api: Api, tenant: string, name: string): Promise<string[]> {
  const { environments } = await api.call('environmentList', {});
  const { tenants } = await api.call('tenantList', {});
  const order = tenants.find((one) => one.tenant === tenant)?.stages ?? [];
  const own = environments.find((one) => one.name === name)?.stage ?? null;
  if (own === null)
    throw new XylemError(
      'E_INPUT',
      `${name} has no stage, so nothing follows it. Say where to: --to '*/production'.`,
    );
  for (let stage = nextStage(order, own); stage !== null; stage = nextStage(order, stage)) {
    const found = environments.filter((one) => one.tenant === tenant && one.stage === stage);
    if (found.length > 0) return found.map((one) => one.name);
  }
  throw new XylemError(
    'E_INPUT',
    `${tenant} has no environment of a stage after ${own}. Say where to: --to.`,
  );
}
