import type { Host, HostsChanged } from '@xylem/root/contract';
import type { Invocation, Outcome } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
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

/** Changes hosts in two steps: how many would it be, then, confirmed, do it. */
export async function changeHosts(
  invocation: Invocation,
  yes: boolean,
  verb: string,
  change: (dryRun: boolean) => Promise<HostsChanged>,
): Promise<Outcome> {
  const { count } = await change(true);
  if (count === 0)
    return {
      data: { count: 0, changed: 0, hosts: [] },
      text: 'No host fits the selector; nothing was changed.',
    };
  await confirmCount(invocation, count, `${counted(count, 'host')} will be ${verb}.`, yes);
  const done = await change(false);
  return {
    data: done,
    text: `${done.changed} of ${counted(done.count, 'host')} ${verb}; the others were so already.`,
  };
}
