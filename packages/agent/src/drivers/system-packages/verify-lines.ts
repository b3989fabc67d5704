import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { Ended } from './commands.ts';

const line = /^(missing {2}|[.?SM5DLUGTP]{8,9})\s+(?:([acdghlmnr])\s+)?(\/.*)$/;
/** What an update, or another program, would notice: not times. */
const counted: readonly (readonly [string, string])[] = [
  ['5', 'has other bytes'],
  ['S', 'has another size'],
  ['L', 'is another link'],
  ['D', 'is another device'],
  ['M', 'has another mode'],
  ['U', 'has another owner'],
  ['G', 'has another group'],
];

/**
 * Reads what `rpm --verify`, and dpkg in the same form, print. Configuration is `kept`. Pure.
 * @throws XylemError E_PACKAGE_SYSTEM when they say nothing else either
 */
export function parseVerify(program: string, { code, output }: Ended): Difference[] {
  const found: Difference[] = [];
  let isRead = code === 0;
  for (const text of output.split('\n')) {
    const [, what, attribute, path = ''] = line.exec(text) ?? [];
    if (what === undefined) continue;
    isRead = true;
    const fault = what.startsWith('missing')
      ? 'is missing'
      : counted.find(([letter]) => what.includes(letter))?.[1];
    // Ghosts are the running program's own.
    if (fault === undefined || attribute === 'g') continue;
    found.push({ path, what: fault, ...(attribute === 'c' ? { kept: true as const } : {}) });
  }
  if (isRead) return found;
  const why = output.trim().slice(-1_000);
  throw new XylemError('E_PACKAGE_SYSTEM', `${program} can't verify packages on this host: ${why}`);
}
