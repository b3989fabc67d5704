import type { Quarantine, Quarantines } from '@xylem/root/contract';
import { counted } from '../frame/words.ts';

/** One quarantine, with who and why. */
export function quarantineLine({
  product,
  version,
  environment,
  by,
  since,
  reason,
  lifted,
  hosts,
}: Quarantine): string {
  const what = `${product}@${version} in ${environment.name}, by ${by} since ${since}: ${reason}`;
  if (lifted === null) return `QUARANTINED ${what}`;
  const still = hosts === 0 ? '' : ` ${counted(hosts, 'host')} still hold it.`;
  return `Was quarantined ${what} Lifted ${lifted.at} by ${lifted.by ?? 'somebody'}: ${lifted.reason ?? '-'}${still}`;
}

/** What only hosts know. */
export const unknownLine = ({ id, environment, hosts }: Quarantines['unknown'][number]): string =>
  `${counted(hosts, 'host')} of ${environment.name} hold the quarantine ${id}, which this root server never set: lost with a backup, or set by a stranger. \`xylem host why\` names the release; \`xylem release lift --id\` lifts it.`;
