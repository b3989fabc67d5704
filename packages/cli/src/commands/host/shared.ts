import { XylemError } from '@xylem/core';
import type { Host, HostsChanged } from '@xylem/root/contract';
import type { Invocation, Outcome } from '../../frame/define.ts';
import { counted, isName } from '../../frame/words.ts';
import { confirmCount } from '../../selection/confirm.ts';

export const shortId = (id: string): string => id.slice(0, 12);

/** `shop-api 2.4.0, shop-web 1.9.0 (wants 2.0.0)`. */
export function componentsText(host: Host): string {
  return host.components
    .map(({ component, version, wantedVersion, healthy }) => {
      const unhealthy = healthy === false ? ' unhealthy' : '';
      if (version === wantedVersion) return `${component} ${version ?? ''}${unhealthy}`;
      const wants = wantedVersion === null ? 'leaving' : `wants ${wantedVersion}`;
      return `${component} ${version ?? 'absent'}${unhealthy} (${wants})`;
    })
    .join(', ');
}

/** `production` is a host of that name; the environment is written with a slash. */
function hinted(words: readonly string[], error: unknown): unknown {
  const word = words.find(isName);
  if (!(error instanceof XylemError) || error.code !== 'E_NOT_FOUND' || word === undefined) return error;
  const message = `${error.message} A word without / is a host; the hosts of an environment are '*/${word}'.`;
  return new XylemError('E_NOT_FOUND', message, { cause: error, details: error.details });
}

const needNoChange = (count: number): string =>
  `${counted(count, 'host')} ${count === 1 ? 'needs' : 'need'} no change`;

/** Changes hosts in two steps: how many would it be, then, confirmed, do it. */
export async function changeHosts(
  invocation: Invocation,
  yes: boolean,
  verb: string,
  change: (dryRun: boolean) => Promise<HostsChanged>,
): Promise<Outcome> {
  const meant = await change(true).catch((error: unknown) => {
    throw hinted(invocation.args, error);
  });
  if (meant.changed === 0) return { data: meant, text: `${needNoChange(meant.count)}.` };
  const others = meant.count - meant.changed;
  const beside = others === 0 ? '' : `; ${needNoChange(others)}`;
  await confirmCount(
    invocation,
    meant.count,
    `${counted(meant.changed, 'host')} will be ${verb}${beside}.`,
    yes,
  );
  const done = await change(false);
  const left = done.count - done.changed;
  return {
    data: done,
    text: `${counted(done.changed, 'host')} ${verb}${left === 0 ? '' : `; ${needNoChange(left)}`}.`,
  };
}
