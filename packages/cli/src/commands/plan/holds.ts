import { overridesOf } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

type Found = PlanDetail['stages'][number]['environments'][number]['found'];
type Hold = NonNullable<Found['holds']>[number];

/** What an urgent plan passes of what hosts hold by themselves. */
export function passesText(passes: NonNullable<PlanDetail['passes']>): string {
  const namesFreezes = passes.some((one) => one.startsWith('freezes'));
  const besides = namesFreezes ? '' : ', and freezes where policy says so';
  return `It passes ${overridesOf(passes).join(', ')} of hosts${besides}. All else holds.`;
}

/** What holds hosts up in one environment; of a plan that waits like any other only what does so now. */
export function holdRows({ holds = [] }: Found, isUrgent: boolean): [string, string][] {
  return holds
    .filter(({ hosts }) => isUrgent || (hosts ?? 0) > 0)
    .map((one) => [one.passed ? 'passes' : 'holds', holdText(one)]);
}

function holdText({ hold, name, hosts, until }: Hold): string {
  if (hold === 'quotas') return 'quota: each host counts its own changes';
  if (hold === 'locks') return `lock of ${name}: each host looks before it begins`;
  const what = hold === 'freezes' ? `freeze ${name}` : 'windows';
  if (hosts === null || hosts === 0) return `${what}: no host now`;
  const next = hold === 'windows' && name !== null ? ` (${name} opens)` : '';
  const end = until === null ? 'in no window of the next years' : `until ${until}${next}`;
  return `${what}: ${counted(hosts, 'host')} now, ${end}`;
}
