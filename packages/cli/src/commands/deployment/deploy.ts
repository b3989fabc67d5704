import { XylemError } from '@xylem/core';
import { defineCommand, flag, type Invocation, list, type Outcome, text } from '../../frame/define.ts';
import { releaseOrChannel } from '../../frame/words.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';
import { watchPlan } from '../plan/watch.ts';
import { deploymentTable, startDeployment, watchOptions } from './shared.ts';
import { canaryOptions, strategyOf, strategyOptions } from './strategy.ts';
import { urgencyOf, urgencyOptions } from './urgency.ts';

export const command = defineCommand({
  arguments: '[release]',
  about:
    'RELEASE is a product at a version (shop@2.4.0) or a channel (shop/stable). With --plan the plan says all of it.',
  options: {
    to: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    ...whereOption,
    skipUnfit: flag('hosts that a package has no variant for keep what they run; else nothing is begun'),
    ...strategyOptions,
    ...canaryOptions,
    ...urgencyOptions,
    change: text('<ticket>', 'the change ticket that it belongs to, where one is demanded'),
    plan: text('<id>', 'begin what this plan says; its later stages follow by themselves'),
    digest: text('<digest>', 'with --plan: of the version that is meant, or its beginning'),
    ...watchOptions,
  },
  example: 'xylem deploy shop@2.4.0 --to acme/production --strategy rolling --max-unavailable 25% --watch',
  async run(invocation) {
    const { args, options } = invocation;
    if (options.plan !== undefined) return await startByPlan(invocation, options.plan, options);
    const release = releaseOrChannel(wordOf(args));
    const choice = environmentChoice(options.to, options.where, '--to');
    const wanted = {
      kind: 'deploy' as const,
      ...release,
      ...choice,
      ...strategyOf(options),
      ...urgencyOf(options),
      ...(options.change === undefined ? {} : { change: options.change }),
      ...(options.skipUnfit ? { skipUnfit: true } : {}),
    };
    return startDeployment(invocation, options, wanted, `Deploying ${wordOf(args)}`);
  },
});

function wordOf([word]: readonly string[]): string {
  if (word !== undefined) return word;
  throw new XylemError('E_INPUT', 'Say what to deploy, as in shop@2.4.0, or by which plan: --plan ID.');
}

interface ByPlan {
  readonly to: readonly string[];
  readonly digest: string | undefined;
  readonly reason: string | undefined;
  readonly watch: boolean;
  readonly timeout: number | undefined;
}

async function startByPlan(
  invocation: Invocation,
  id: string,
  { to, digest, reason, watch, timeout }: ByPlan,
): Promise<Outcome> {
  if (invocation.args.length > 0 || to.length > 0)
    throw new XylemError(
      'E_INPUT',
      'The plan says what is deployed and where: leave the release and --to out.',
    );
  const api = await invocation.api();
  const body = {
    ...(digest === undefined ? {} : { digest }),
    ...(reason === undefined ? {} : { reason }),
  };
  const started = await api.call('planStart', { params: { id }, body });
  if (watch) return await watchPlan(invocation, id, timeout);
  const show = (one: string) => api.call('deploymentShow', { params: { id: one } });
  const deployments = await Promise.all(started.deployments.map(show));
  return {
    data: { ...started, deployments },
    text: () => `${deploymentTable(deployments)}\nThe plan goes on by itself: xylem plan show ${id} --watch`,
  };
}
