import { XylemError } from '@xylem/core';
import type { Deployment, DeploymentCreate } from '@xylem/root/contract';
import { count, flag, type Invocation, type Outcome } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { watchDeployments } from './watch.ts';

export const watchOptions = {
  ...yesOption,
  watch: flag('stay until it has ended; the exit code says how'),
  timeout: count('<seconds>', 'with --watch: give up waiting after so long', 1),
};

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
  const leftOut = (meant.unfit ?? []).map(
    ({ name, component, platform }) => `${name} is left out: ${component} has no variant for ${platform}.`,
  );
  for (const line of leftOut.slice(0, 20)) invocation.terminal.note(line);
  if (leftOut.length > 20) invocation.terminal.note(`${leftOut.length - 20} more are left out.`);
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
