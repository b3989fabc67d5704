import { XylemError } from '@xylem/core';
import type { Deployment } from '@xylem/root/contract';
import type { Invocation } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { canaryText } from './canary-text.ts';
import { groupsText } from './groups-text.ts';

const holdMs = 20_000;
const goesOn = ({ state }: Deployment): boolean => state === 'running' || state === 'paused';

const labelOf = ({ environment, product }: Deployment): string => `${environment.name} ${product}`;

function progressOf(deployments: readonly Deployment[]): string {
  const sum = (key: 'done' | 'eligible' | 'updating' | 'keptBack' | 'waiting' | 'failed'): number =>
    deployments.reduce((total, { progress }) => total + (progress[key] ?? 0), 0);
  const keptBack = sum('keptBack');
  const words =
    keptBack === 0 ? '' : ` (${keptBack} not before a window, freeze, quota, lock or database allows it)`;
  const [only, ...others] = deployments;
  const said = only === undefined || others.length > 0 ? [] : [groupsText(only), canaryText(only)];
  const standing = said.map((one) => (one === null ? '' : `; ${one}`)).join('');
  return `${sum('done')} of ${sum('eligible')} done, ${sum('updating')} updating${words}, ${sum('waiting')} waiting, ${sum('failed')} failed${standing}`;
}

/** Steps of the machinery that say nothing to a person. */
const untold = new Set(['threshold']);

/**
 * Follows deployments side by side until each has ended, a line for each event.
 * @throws XylemError E_TIMEOUT after `timeoutSeconds`, E_INTERRUPTED; they go on all the same
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
  const [first] = deployments;
  const label =
    deployments.length === 1 && first !== undefined
      ? labelOf(first)
      : counted(deployments.length, 'deployment');
  const states = new Map(deployments.map((one) => [one.id, one]));
  const progress = invocation.terminal.progress(label, true);
  const show = (one: Deployment): void => {
    states.set(one.id, one);
    progress.update(progressOf([...states.values()]));
  };
  const ended = await Promise.all(deployments.map((one) => watchOne(invocation, one, endMs, show))).catch(
    (error: unknown) => {
      throw invocation.signal.aborted ? leaving([...states.values()].filter(goesOn)) : error;
    },
  );
  progress.done(progressOf(ended));
  return ended;
}

function leaving(left: readonly Deployment[]): XylemError {
  const named = left.slice(0, 3).map(({ id }) => `xylem deployment show ${id} --watch`);
  return new XylemError(
    'E_INTERRUPTED',
    `${counted(left.length, 'deployment')} ${left.length === 1 ? 'goes' : 'go'} on without you. Follow again: ${named.join('; ')}${left.length > named.length ? '; …' : ''}`,
  );
}

async function watchOne(
  { api, terminal, clock }: Invocation,
  deployment: Deployment,
  endMs: number,
  show: (now: Deployment) => void,
): Promise<Deployment> {
  const server = await api();
  const label = labelOf(deployment);
  let now = deployment;
  let said = '';
  for (let after = '0'; goesOn(now); ) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0)
      throw new XylemError(
        'E_TIMEOUT',
        `${label}: still ${now.state} when the time ran out: ${progressOf([now])}.`,
      );
    const waitMs = String(Math.floor(Math.max(1, Math.min(holdMs, leftMs))));
    const news = await server.call('deploymentEvents', { params: { id: now.id }, query: { after, waitMs } });
    now = news.deployment;
    for (const event of news.events) {
      after = String(event.sequence);
      if (event.message !== said && !untold.has(event.kind)) terminal.line(`${label}: ${event.message}`);
      said = event.message;
    }
    show(now);
  }
  return now;
}
