import { isWell, shareOf, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { advancePolicyOf, heardIn } from '../deployments/evidence.ts';
import { fullName } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { Candidate, Gate } from './gate.ts';

/** An environment that is ill already takes nothing new: nobody could tell what the new release did. */
export const health: Gate = {
  name: 'health',
  codes: ['E_UNHEALTHY'],
  concerns: ({ target, isWayBack, spec }) =>
    target !== null && !isWayBack && spec.policy.health !== undefined,
  async look(trx, { environment, spec, nowMs }) {
    const atLeast = spec.policy.health?.atLeast ?? '1%';
    const { all, ill } = await illHosts(trx, environment.id, spec, nowMs);
    const wellCount = all - ill.length;
    const demanded = shareOf(atLeast, all);
    const name = fullName(environment);
    if (wellCount >= demanded) return `${wellCount} of ${all} hosts of ${name} are well.`;
    const named = ill.slice(0, 5).join(', ');
    const more = ill.length > 5 ? ` and ${ill.length - 5} more` : '';
    throw new XylemError(
      'E_UNHEALTHY',
      `${wellCount} of ${all} hosts of ${name} are well, and ${demanded} (${atLeast}) are demanded before anything new begins. Not well: ${named}${more}.`,
      { retry: 'later', details: { environment: name, well: wellCount, hosts: all, demanded } },
    );
  },
};

async function illHosts(
  trx: Database,
  environment: string,
  { policy }: Candidate['spec'],
  nowMs: number,
): Promise<{ readonly all: number; readonly ill: readonly string[] }> {
  const hosts = (await hostsIn(trx, [environment])).filter(({ retired }) => !retired);
  const { reports, seen } = await heardIn(trx, environment, nowMs);
  const patience = advancePolicyOf(policy.reportEverySeconds);
  const ill = hosts.filter(({ id }) => {
    const own = reports.get(id);
    const state = {
      lastReport: own?.receivedMs ?? null,
      lastSeen: seen.get(id) ?? null,
      reported: own?.report.components ?? [],
    };
    return !isWell(state, nowMs, patience);
  });
  return { all: hosts.length, ill: ill.map(({ name }) => name) };
}
