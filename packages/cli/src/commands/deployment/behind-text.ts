import type { Deployment, PlanBehind } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

type Behind = NonNullable<Deployment['behind']> | PlanBehind;

/**
 * Who is not where a deployment wants it, why, and what to do about it, line by line; none where nobody is.
 * @param deployment whose laggards are all of them
 */
export function behindText(behind: Behind | undefined, deployment = 'ID'): string[] {
  if (behind === undefined || behind.total === 0) return [];
  const { total, counts, hosts } = behind;
  return [
    `Not where it wants them: ${counted(total, 'host')}.`,
    ...counts.flatMap(({ reason, hosts: count, advice }) => [
      `  ${count} ${reason}. ${advice}`,
      ...hosts.filter((host) => host.reason === reason).map((host) => `    ${hostText(host)}`),
    ]),
    ...(total > hosts.length ? [`All of them: xylem deployment laggards ${deployment}`] : []),
  ];
}

function hostText(host: Behind['hosts'][number]): string {
  const { name, message, lastSeen } = host;
  const place = 'environment' in host ? ` in ${host.environment} (${host.deployment})` : '';
  return `${name}${place}: ${message ?? `last seen ${lastSeen ?? 'never'}`}`;
}
