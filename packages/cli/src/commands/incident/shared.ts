import type { Incident } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';

/** `closed`, `recovering` (nothing is seen of it any more), `acknowledged`, `open`. */
function stateText({ state, recovered, acknowledged }: Incident): string {
  if (state === 'closed') return 'closed';
  if (recovered !== null) return 'recovering';
  return acknowledged === null ? 'open' : 'acknowledged';
}

/** `45 s`, `12 min`, `3.5 h`, `2.1 d`; null: not yet. */
export function secondsText(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

export const incidentTable = (incidents: readonly Incident[]): string =>
  tabulate(
    ['ID', 'ENVIRONMENT', 'STATE', 'SEEN', 'DETECTED', 'TO DETECT', 'TO RECOVER', 'ASSIGNED', 'WHAT'],
    incidents.map((one) => [
      one.id,
      one.environment?.name ?? '*',
      stateText(one),
      one.holding === one.subjects ? one.holding : `${one.holding} of ${one.subjects}`,
      one.detected,
      secondsText(one.secondsToDetect),
      secondsText(one.secondsToRecover),
      one.assignedTo ?? one.acknowledgedBy ?? '',
      one.title,
    ]),
    'No incidents.',
  );
