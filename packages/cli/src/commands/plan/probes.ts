import type { PlanDetail } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';

/** What the plan asks itself, and what came of it last. */
export function probeLines({ stages }: Pick<PlanDetail, 'stages'>): string[] {
  const rows = stages.flatMap(({ name, verification }) =>
    (verification?.stated ?? []).map(({ probe: { name: probe, url, ...how }, last }) => [
      String(probe),
      name,
      last?.state ?? '-',
      last?.reason ?? '',
      last?.since ?? '',
      String(url),
      howText(how),
    ]),
  );
  if (rows.length === 0) return [];
  return ['', tabulate(['PROBE', 'STAGE', 'STATE', 'SAW', 'SINCE', 'ADDRESS', 'HOW'], rows, '')];
}

/** As it is written, but for certificates. */
function howText({ ca, ...how }: Readonly<Record<string, unknown>>): string {
  const shown = { ...how, ...(ca === undefined ? {} : { ca: 'its own' }) };
  return Object.keys(shown).length === 0 ? '' : JSON.stringify(shown);
}
