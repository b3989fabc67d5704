import { XylemError } from '@xylem/core';
import type { Deployment } from '@xylem/root/contract';
import type { Invocation } from '../../frame/define.ts';

const holdMs = 20_000;
const goesOn = ({ state }: Deployment): boolean => state === 'running' || state === 'paused';

const progressOf = ({ progress }: Deployment): string =>
  `${progress.done} of ${progress.eligible} done, ${progress.updating} updating, ${progress.waiting} waiting, ${progress.failed} failed`;

/**
 * Follows deployments side by side until each has ended, a line for each event.
 * @throws XylemError E_TIMEOUT after `timeoutSeconds`; they go on all the same
 */
export async function watchDeployments(
  invocation: Invocation,
  deployments: readonly Deployment[],
  timeoutSeconds: number | undefined,
): Promise<Deployment[]> {
  const endMs =
    timeoutSeconds === undefined
      ? Number.POSITIVE_INFINITY
      : invocation.clock.monotonicMs() + timeoutSeconds * 1000;
  return Promise.all(deployments.map((one) => watchOne(invocation, one, endMs)));
}

async function watchOne(
  { api, terminal, clock }: Invocation,
  deployment: Deployment,
  endMs: number,
): Promise<Deployment> {
  const server = await api();
  const label = `${deployment.environment.name} ${deployment.product}`;
  let now = deployment;
  let said = '';
  for (let after = '0'; goesOn(now); ) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0)
      throw new XylemError(
        'E_TIMEOUT',
        `${label}: still ${now.state} when the time ran out: ${progressOf(now)}.`,
      );
    const waitMs = String(Math.floor(Math.max(1, Math.min(holdMs, leftMs))));
    const news = await server.call('deploymentEvents', { params: { id: now.id }, query: { after, waitMs } });
    now = news.deployment;
    for (const event of news.events) {
      after = String(event.sequence);
      terminal.line(`${label}: ${event.message}`);
    }
    const state = progressOf(now);
    if (state !== said) terminal.line(`${label}: ${state}`);
    said = state;
  }
  return now;
}
