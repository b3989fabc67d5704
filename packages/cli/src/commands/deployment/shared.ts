import { XylemError } from '@xylem/core';
import type { Deployment, DeploymentCreate } from '@xylem/root/contract';
import { count, flag, type Invocation, type Outcome, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { watchDeployments } from './watch.ts';

export const strategyOptions = {
  strategy: text('<kind>', 'all-at-once, or rolling'),
  maxUnavailable: text('<number>', 'rolling: at most so many hosts at a time, 2 or 25%'),
};
export const watchOptions = {
  ...yesOption,
  watch: flag('stay until it has ended; the exit code says how'),
  timeout: count('<seconds>', 'with --watch: give up waiting after so long', 1),
};

/** @throws XylemError E_INPUT */
export function strategyOf(options: {
  readonly strategy: string | undefined;
  readonly maxUnavailable: string | undefined;
}): Pick<DeploymentCreate, 'strategy'> {
  const { strategy, maxUnavailable } = options;
  if (strategy === undefined && maxUnavailable === undefined) return {};
  if (strategy === 'all-at-once' && maxUnavailable === undefined)
    return { strategy: { kind: 'all-at-once' } };
  if (strategy === 'all-at-once') {
    throw new XylemError('E_INPUT', '--max-unavailable belongs to --strategy rolling, not to all-at-once.');
  }
  if (strategy !== undefined && strategy !== 'rolling') {
    throw new XylemError('E_INPUT', `--strategy ${strategy} is unknown. Write all-at-once or rolling.`);
  }
  const most = maxUnavailable ?? '1';
  if (!/^([1-9]\d{0,5}|([1-9]\d?|100)%)$/.test(most)) {
    throw new XylemError(
      'E_INPUT',
      `--max-unavailable ${most} is not valid. Write a number of hosts, 2, or a share, 25%.`,
    );
  }
  return { strategy: { kind: 'rolling', maxUnavailable: most.endsWith('%') ? most : Number(most) } };
}

/** Says how many hosts it concerns, asks if they are many, starts, and with --watch stays. */
export async function startDeployment(
  invocation: Invocation,
  options: { readonly yes: boolean; readonly watch: boolean; readonly timeout: number | undefined },
  wanted: DeploymentCreate,
  what: string,
): Promise<Outcome> {
  const server = await invocation.api();
  const meant = await server.call('deploymentCreate', { body: { ...wanted, dryRun: true } });
  if (meant.environments.length === 0) {
    throw new XylemError('E_NOT_FOUND', `No environment fits ${wanted.environments.join(', ')}.`);
  }
  const where = `${counted(meant.hosts, 'host')} in ${meant.environments.map(({ name }) => name).join(', ')}`;
  await confirmCount(
    invocation,
    Math.max(meant.hosts, meant.environments.length),
    `${what}: ${where}.`,
    options.yes,
  );
  const started = await server.call('deploymentCreate', { body: wanted });
  if (!options.watch) {
    return {
      data: started,
      text: () =>
        `${deploymentTable(started.deployments)}\nFollow it: xylem deployment show ${started.deployments[0]?.id ?? 'ID'} --watch`,
    };
  }
  const ended = await watchDeployments(invocation, started.deployments, options.timeout);
  return {
    data: { ...started, deployments: ended },
    text: () => deploymentTable(ended),
    exitCode: exitCodeOf(ended),
  };
}

/** 0 only if all reached what they were for. */
export const exitCodeOf = (deployments: readonly Deployment[]): number =>
  deployments.every(({ state }) => state === 'succeeded') ? 0 : 9;

export function deploymentTable(deployments: readonly Deployment[]): string {
  return tabulate(
    ['ID', 'KIND', 'WHAT', 'ENVIRONMENT', 'STATE', 'DONE', 'FAILED', 'REASON'],
    deployments.map((one) => [
      one.id,
      one.kind,
      one.version === null ? one.product : `${one.product}@${one.version}`,
      one.environment.name,
      one.state,
      `${one.progress.done}/${one.progress.eligible}`,
      one.progress.failed,
      one.reason ?? '-',
    ]),
    'No deployment.',
  );
}
