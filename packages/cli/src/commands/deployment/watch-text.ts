import type { Deployment } from '@xylem/root/contract';
import { counted } from '../../frame/words.ts';

/** How a deployment is looked after once it has succeeded, in words. */
export function watchText({
  state,
  reason,
  until,
  onFail,
  maxFailed,
  eligible,
  failed,
  unheard,
  probes,
  onHosts = [],
}: NonNullable<Deployment['watch']>): string {
  const lines = [...(probes ?? []).map(probeText), ...onHosts.map(onHostsText)];
  if (state !== 'watching') return [`Watch ${state}: ${reason ?? ''}`, ...lines].join('\n');
  const seen =
    eligible === 0 ? '' : `: ${failed} of ${counted(eligible, 'host')} failed, ${unheard} not heard of`;
  const then = onFail === 'rollback' ? 'it goes back by itself' : 'it is reported';
  const also = lines.length === 0 ? '' : ', or a probe that passed before fails,';
  return [
    `Watched until ${until}${seen}. When more than ${maxFailed} have failed for a minute${also} ${then}.`,
    ...lines,
  ].join('\n');
}

type Watched = NonNullable<Deployment['watch']>;

function onHostsText({
  name,
  hosts,
  held,
  failing,
  unknown,
  mostFailing,
  reason,
}: NonNullable<Watched['onHosts']>[number]): string {
  const seen = reason === null ? '' : ` (${reason})`;
  return `Probe ${name}: before pass on ${held} of ${counted(hosts, 'host')}, now failing on ${failing}${seen}, not known of ${unknown}. On ${mostFailing} it may fail.`;
}

type WatchedProbe = NonNullable<Watched['probes']>[number];

function probeText({ name, before, now, reason, since }: WatchedProbe): string {
  const then = before ?? 'not asked';
  if (now === null) return `Probe ${name}: before ${then}, not asked since.`;
  return `Probe ${name}: before ${then}, now ${now} since ${since ?? ''} (${reason ?? ''}).`;
}
