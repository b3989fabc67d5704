import type { Deployment } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

/** So many are named; `--json` names more. */
const mostNamed = 20;

/** Whom a deployment does not come to, line by line; none where it comes to all. */
export function leftOutText({ leftOut }: Deployment): string[] {
  if (leftOut === undefined) return [];
  const { total, counts, hosts } = leftOut;
  const kinds = counts.map(({ why, hosts: count }) => `${count} ${why}`).join(', ');
  const named = hosts.slice(0, mostNamed);
  const more = total - named.length;
  return [
    `Left out: ${counted(total, 'host')} (${kinds}).`,
    ...named.map(({ name, message }) => `  ${name}: ${message}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
